#include "core/settings/load_limit.h"

#include <algorithm>

#include "base/quantity.h"

namespace sluice::settings {

std::optional<double> load_limit(std::string_view text, unsigned processors) {
  const bool of_each = text.ends_with('p');
  if (of_each) text.remove_suffix(1);
  const auto load = parse_integer(text);
  if (!load) return std::nullopt;
  return static_cast<double>(*load) * (of_each ? std::max(processors, 1U) : 1U);
}

}  // namespace sluice::settings
