// Who else can write what decides about a user's mail: the rules of qmail-local(8) about the modes of homes and of
// instruction files, and those of .forward. Pure: what stat(2) said comes in as a value.
#pragma once

#include <cstdint>
#include <optional>

#include "core/local/instruction.h"

namespace sluice::local {

// What fstat(2) said about the open file or directory.
struct FileFacts {
  std::uint32_t mode = 0;  // st_mode
  std::uint32_t uid = 0;   // of its owner
};

// The write bits that nobody but the owner may have. qmail's default forbids the world's only; ours forbids both.
inline constexpr std::uint32_t kForbiddenWriters = 0022;

// A home that others may write, or that is sticky (its owner is editing: please wait), defers all of its mail.
std::optional<InstructionError> judge_home(const FileFacts& home, std::uint32_t forbidden = kForbiddenWriters);

// A .qmail file: a regular file that nobody else may write. (Its owner does not matter: the home's owner put it there.)
std::optional<InstructionError> judge_dot_qmail(const FileFacts& file, std::uint32_t forbidden = kForbiddenWriters);

// Its x bit: forwards only.
bool forwards_only(const FileFacts& file);

// A .forward file: a regular file, owned by the user or root, that nobody else may write.
std::optional<InstructionError> judge_dot_forward(const FileFacts& file, std::uint32_t user,
                                                  std::uint32_t forbidden = kForbiddenWriters);

}  // namespace sluice::local
