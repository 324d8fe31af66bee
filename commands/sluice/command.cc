#include "command.h"

#include <fmt/format.h>

#include <cstdio>

namespace sluice::commands {

std::optional<config::Overrides> Invocation::overrides() {
  config::Overrides overrides;
  for (const auto& option : options) {
    auto parsed = config::parse_override(option);
    if (!parsed) {
      fail(kExitUsage, parsed.error().to_text());
      return std::nullopt;
    }
    overrides.push_back(std::move(*parsed));
  }
  if (!home.empty()) overrides.push_back({"home", home});
  return overrides;
}

std::optional<config::Loaded> Invocation::load() {
  const auto given = overrides();
  if (!given) return std::nullopt;
  auto loaded = config::load(*given);
  if (!loaded) {
    fmt::print(stderr, "{}", config::problem_lines("sluice", loaded.error()));
    status = config::kExitConfig;
    return std::nullopt;
  }
  return std::move(*loaded);
}

void Invocation::fail(int exit_status, const std::string& text) {
  fmt::print(stderr, "sluice: {}\n", text);
  status = exit_status;
}

}  // namespace sluice::commands
