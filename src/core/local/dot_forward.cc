#include "core/local/dot_forward.h"

#include <fmt/format.h>

#include <utility>

#include "core/local/alias_target.h"

namespace sluice::local {

namespace {

constexpr mail::EnhancedCode kBadFile{4, 2, 1};
constexpr mail::EnhancedCode kForbidden{4, 7, 0};

bool is_delivery(const Action& action) {
  return !std::holds_alternative<Forward>(action) && !std::holds_alternative<Self>(action);
}

Result<std::vector<Instruction>, InstructionError> parse_lines(Octets text, std::string_view file,
                                                               bool programs_and_files) {
  if (text.size() > kMaximumInstructionFile)
    return fail(
        instruction_error(0, kBadFile, fmt::format("The {} is larger than {} octets.", file, kMaximumInstructionFile)));
  std::vector<Instruction> instructions;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const Octets line = text.substr(0, end);
    text.remove_prefix(end == Octets::npos ? text.size() : end + 1);
    if (line.starts_with('#')) continue;
    const auto wrong = [&](mail::EnhancedCode code, std::string_view what) {
      return fail(instruction_error(number, code, fmt::format("Line {} of the {}: {}.", number, file, what)));
    };
    auto targets = parse_targets(line);
    if (!targets) return wrong(kBadFile, targets.error().text);
    for (PlacedTarget& target : *targets) {
      if (!programs_and_files && is_delivery(target.action))
        return wrong(kForbidden, "programs, files and includes are not allowed here");
      if (instructions.size() >= kMaximumInstructions)
        return wrong(kBadFile, fmt::format("more than {} addresses", kMaximumInstructions));
      instructions.push_back({std::move(target.action), number});
    }
  }
  return instructions;
}

}  // namespace

Result<std::vector<Instruction>, InstructionError> parse_dot_forward(Octets text) {
  return parse_lines(text, ".forward file", true);
}

Result<std::vector<Instruction>, InstructionError> parse_include(Octets text, bool programs_and_files) {
  return parse_lines(text, "included file", programs_and_files);
}

}  // namespace sluice::local
