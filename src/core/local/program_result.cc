#include "core/local/program_result.h"

#include <sys/wait.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::local {

namespace {

constexpr std::array kPermanent{64, 65, 70, 76, 77, 78, 100, 112};

std::string one_line(std::string_view output) {
  std::string text;
  while (!output.empty() && text.size() < mail::kMaximumText) {
    const std::size_t end = output.find('\n');
    std::string_view line = output.substr(0, end);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (!text.empty()) text += " / ";
    for (const char c : line.substr(0, mail::kMaximumText)) text += c < ' ' || c > '~' ? '?' : c;
  }
  return text.substr(0, mail::kMaximumText);
}

std::string what_happened(int wait_status) {
  if (WIFSIGNALED(wait_status)) return fmt::format("The program was killed by signal {}.", WTERMSIG(wait_status));
  return fmt::format("The program ended with exit code {}.", WEXITSTATUS(wait_status));
}

}  // namespace

ProgramVerdict verdict_of_exit(int code) {
  if (code == 0) return ProgramVerdict::kGoOn;
  if (code == 99) return ProgramVerdict::kStop;
  if (std::find(kPermanent.begin(), kPermanent.end(), code) != kPermanent.end()) return ProgramVerdict::kFail;
  return ProgramVerdict::kDefer;
}

ProgramVerdict verdict_of_status(int wait_status) {
  return WIFEXITED(wait_status) ? verdict_of_exit(WEXITSTATUS(wait_status)) : ProgramVerdict::kDefer;
}

mail::Outcome program_outcome(int wait_status, std::string_view output) {
  const bool permanent = verdict_of_status(wait_status) == ProgramVerdict::kFail;
  mail::Outcome outcome;
  outcome.verdict = permanent ? mail::Verdict::kFailed : mail::Verdict::kDeferred;
  outcome.code = permanent ? mail::EnhancedCode{5, 3, 0} : mail::EnhancedCode{4, 3, 0};
  outcome.text = one_line(output);
  if (outcome.text.empty()) outcome.text = what_happened(wait_status);
  return outcome;
}

}  // namespace sluice::local
