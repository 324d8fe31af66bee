// What must hold between the queue groups, their map and the other settings of queues: names that are declared, numbers
// and directories that belong to one group each. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/settings/settings.h"

namespace sluice::settings {

struct GroupProblem {
  std::string_view setting;  // queuegroups or queuegroupmap
  std::size_t entry = 0;     // of it
  std::size_t at = 0;        // octet in the entry
  std::string what;
};

// Entries that are well-formed each by itself.
std::vector<GroupProblem> check_groups(const Settings& settings);

}  // namespace sluice::settings
