// What is to be done with a message that has come to its recipient: the instructions of a .qmail file, a .forward file
// or a default delivery, as values. Whoever delivers carries them out in order; nothing here does.
//
// Texts come from the recipient's own files. They are bounded, hold no NUL and no line feed, and are otherwise any
// octets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/mail/outcome.h"

namespace sluice::local {

// Paths are relative to the recipient's home unless they begin with '/'.
struct Maildir {
  std::string path;  // ends in '/'
  friend bool operator==(const Maildir&, const Maildir&) = default;
};
struct Mbox {
  std::string path;
  friend bool operator==(const Mbox&, const Mbox&) = default;
};
struct Program {
  std::string command;  // for the recipient's shell, as the recipient wrote it
  friend bool operator==(const Program&, const Program&) = default;
};
struct Forward {
  std::string address;  // without '@': of this host
  friend bool operator==(const Forward&, const Forward&) = default;
};
// "\user": deliver to this user of this host without looking at its instructions or aliases. .forward and aliases only.
struct Self {
  std::string user;
  friend bool operator==(const Self&, const Self&) = default;
};
// ":include:PATH": the addresses listed in a file. .forward and aliases only.
struct Include {
  std::string path;
  friend bool operator==(const Include&, const Include&) = default;
};

using Action = std::variant<Maildir, Mbox, Program, Forward, Self, Include>;

struct Instruction {
  Action action;
  std::size_t line = 0;  // where it stands in its file, from 1
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

// The bounds of a file of instructions. Beyond them the whole file is refused; nothing is delivered by half.
inline constexpr std::size_t kMaximumInstructionFile = 256u << 10;  // octets
inline constexpr std::size_t kMaximumInstructions = 10'000;

// Why a file of instructions cannot be followed. Everything is temporary: its owner can repair it while the mail waits.
struct InstructionError {
  std::size_t line = 0;     // 0: the file as a whole
  mail::EnhancedCode code;  // 4.x.x
  std::string text;         // one line, for the log and the report: "... (#4.7.0)"
};

// `text` without its final "(#4.7.0)", which is put behind it. What is foreign in it must be printable already.
InstructionError instruction_error(std::size_t line, mail::EnhancedCode code, std::string_view text);

// A deferral with the text and code of the error.
mail::Outcome to_outcome(const InstructionError& error);

}  // namespace sluice::local
