// The queues of the instance as the modes of sendmail that list and run them meet them: group by group, the default
// group first, the others as they are declared.
#pragma once

#include <string>
#include <vector>

#include "core/route/queue_groups.h"
#include "system/observe/queues.h"
#include "work.h"

namespace sluice::sendmail {

struct GroupQueues {
  route::QueueGroup group;
  std::vector<observe::Queue> queues;  // by number
};

// The order of a group's runs and listings: its own, else that of all (QueueSortOrder).
select::SortOrder order_of(const Work& work, const route::QueueGroup& group);
// How many messages of a group a run takes at most, as its J= and MaxQueueRunSize say; 0: all.
std::uint64_t most_of(const Work& work, const route::QueueGroup& group);

// Queues that nobody serves because they were given up when they were empty (observe::is_retired).
enum class Retired : std::uint8_t { kLeftOut, kIncluded };

// All of them, or that of -qG.
//   errors  "Queue group NAME unknown"
Result<std::vector<GroupQueues>, Misuse> queues_by_group(const Work& work, Retired retired = Retired::kLeftOut);

}  // namespace sluice::sendmail
