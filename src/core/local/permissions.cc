#include "core/local/permissions.h"

namespace sluice::local {

namespace {

// The values of st_mode, which POSIX gives names and Linux these numbers; <sys/stat.h> belongs to the effects.
constexpr std::uint32_t kTypeMask = 0170000, kRegular = 0100000, kDirectory = 0040000;
constexpr std::uint32_t kSticky = 01000, kOwnerExecutes = 0100;
constexpr mail::EnhancedCode kDisabled{4, 2, 1}, kUnsafe{4, 7, 0};

bool is(const FileFacts& file, std::uint32_t type) { return (file.mode & kTypeMask) == type; }

}  // namespace

std::optional<InstructionError> judge_home(const FileFacts& home, std::uint32_t forbidden) {
  if (!is(home, kDirectory)) return instruction_error(0, kDisabled, "The home of the recipient is not a directory.");
  if ((home.mode & kSticky) != 0)
    return instruction_error(0, kDisabled, "Home directory is sticky: its owner is editing the instructions.");
  if ((home.mode & forbidden) != 0) return instruction_error(0, kUnsafe, "Home directory is writable by others.");
  return std::nullopt;
}

std::optional<InstructionError> judge_dot_qmail(const FileFacts& file, std::uint32_t forbidden) {
  if (!is(file, kRegular)) return instruction_error(0, kDisabled, "The .qmail file is not a regular file.");
  if ((file.mode & forbidden) != 0) return instruction_error(0, kUnsafe, "The .qmail file is writable by others.");
  return std::nullopt;
}

bool forwards_only(const FileFacts& file) { return (file.mode & kOwnerExecutes) != 0; }

std::optional<InstructionError> judge_dot_forward(const FileFacts& file, std::uint32_t user, std::uint32_t forbidden) {
  if (!is(file, kRegular)) return instruction_error(0, kDisabled, "The .forward file is not a regular file.");
  if (file.uid != user && file.uid != 0)
    return instruction_error(0, kUnsafe, "The .forward file belongs to somebody else.");
  if ((file.mode & forbidden) != 0) return instruction_error(0, kUnsafe, "The .forward file is writable by others.");
  return std::nullopt;
}

}  // namespace sluice::local
