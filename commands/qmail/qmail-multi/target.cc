#include "target.h"

#include <charconv>

namespace sluice::qmail_multi {

Target choose_target(std::vector<std::string> arguments, os::Environment& environment, const std::string& fallback) {
  Target target{std::move(arguments)};
  const std::string named = environment.find("QUEUEPROG").value_or("");
  environment.unset("QUEUEPROG");
  if (target.arguments.empty()) target.arguments = {named.empty() ? fallback : named};
  const std::string& program = target.arguments.front();
  const auto slash = program.rfind('/');
  target.is_qmail_queue = slash != program.npos && program.substr(slash + 1) == "qmail-queue";
  return target;
}

bool parse_min_free(std::string_view text, std::uint64_t& octets) {
  octets = 0;
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), octets);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace sluice::qmail_multi
