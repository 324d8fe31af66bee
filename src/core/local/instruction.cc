#include "core/local/instruction.h"

#include <fmt/format.h>

namespace sluice::local {

InstructionError instruction_error(std::size_t line, mail::EnhancedCode code, std::string_view text) {
  return {line, code, fmt::format("{} (#{}.{}.{})", text, code.status_class, code.subject, code.detail)};
}

mail::Outcome to_outcome(const InstructionError& error) {
  mail::Outcome outcome;
  outcome.verdict = mail::Verdict::kDeferred;
  outcome.code = error.code;
  outcome.text = error.text.substr(0, mail::kMaximumText);
  return outcome;
}

}  // namespace sluice::local
