#include "base/span_text.h"

#include <fmt/format.h>

#include <utility>

namespace sluice {

std::string span_text(std::int64_t seconds) {
  constexpr std::pair<std::int64_t, char> kUnits[] = {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  std::string text;
  int units = 0;
  for (const auto& [length, letter] : kUnits) {
    const std::int64_t count = seconds / length;
    if (count > 0) text += fmt::format("{}{}", count, letter);
    if ((count > 0 || units > 0) && ++units == 2) break;
    seconds %= length;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace sluice
