#include "core/local/dot_qmail.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace sluice::local {

namespace {

constexpr mail::EnhancedCode kBadFile{4, 2, 1};    // mailbox disabled
constexpr mail::EnhancedCode kForbidden{4, 7, 0};  // a rule of safety

Octets trimmed(Octets line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

class Reading {
 public:
  explicit Reading(bool forwards_only) : forwards_only_(forwards_only), by_mode_(forwards_only) {}

  std::optional<InstructionError> read_line(Octets line, std::size_t number) {
    number_ = number;
    if (line.find('\0') != Octets::npos) return error(kBadFile, "holds a NUL octet");
    line = trimmed(line);
    if (line.empty()) {
      if (number == 1) return error(kBadFile, "is blank");
      return std::nullopt;
    }
    return read_instruction(line);
  }
  DotQmail take() { return std::move(file_); }

 private:
  std::optional<InstructionError> read_instruction(Octets line) {
    switch (line.front()) {
      case '#':
        return std::nullopt;
      case '+':
        if (line == "+list") file_.list = forwards_only_ = true;
        return std::nullopt;
      case '|':
        return add_delivery(Program{std::string(line.substr(1))}, "a program");
      case '.':
      case '/':
        if (line.back() == '/') return add_delivery(Maildir{std::string(line)}, "a mailbox");
        return add_delivery(Mbox{std::string(line)}, "a mailbox");
      case '&':
        line.remove_prefix(1);
        break;
      default:
        break;
    }
    if (line.empty()) return error(kBadFile, "names no address");
    return add(Forward{std::string(line)});
  }

  std::optional<InstructionError> add_delivery(Action action, std::string_view what) {
    if (forwards_only_)
      return error(kForbidden, fmt::format("names {}, but {}", what,
                                           by_mode_ ? "the file has its x bit set" : "the file is a list (+list)"));
    return add(std::move(action));
  }
  std::optional<InstructionError> add(Action action) {
    if (file_.instructions.size() >= kMaximumInstructions)
      return error(kBadFile, fmt::format("is one of more than {} instructions", kMaximumInstructions));
    file_.instructions.push_back({std::move(action), number_});
    return std::nullopt;
  }
  InstructionError error(mail::EnhancedCode code, std::string_view what) const {
    return instruction_error(number_, code, fmt::format("Line {} of the .qmail file {}.", number_, what));
  }

  DotQmail file_;
  bool forwards_only_, by_mode_;
  std::size_t number_ = 0;
};

}  // namespace

Result<DotQmail, InstructionError> parse_dot_qmail(Octets text, bool forwards_only) {
  if (text.size() > kMaximumInstructionFile)
    return fail(instruction_error(0, kBadFile,
                                  fmt::format("The .qmail file is larger than {} octets.", kMaximumInstructionFile)));
  if (text.empty()) return DotQmail{true, false, {}};
  Reading reading(forwards_only);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (auto error = reading.read_line(text.substr(0, end), number)) return fail(*std::move(error));
    text.remove_prefix(end == Octets::npos ? text.size() : end + 1);
  }
  return reading.take();
}

}  // namespace sluice::local
