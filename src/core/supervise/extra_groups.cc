#include "core/supervise/extra_groups.h"

#include <algorithm>
#include <array>

namespace sluice::supervise {

bool keeps_groups(std::string_view use_setgroups, std::string_view user) {
  constexpr std::array<std::string_view, 4> kUsers{"qmails", "qmailr", "qmailq", "qmaill"};
  if (std::find(kUsers.begin(), kUsers.end(), user) == kUsers.end()) return false;
  if (use_setgroups.starts_with('1')) return true;
  while (!use_setgroups.empty()) {
    const std::size_t colon = use_setgroups.find(':');
    if (use_setgroups.substr(0, colon) == user) return true;
    if (colon == std::string_view::npos) break;
    use_setgroups.remove_prefix(colon + 1);
  }
  return false;
}

}  // namespace sluice::supervise
