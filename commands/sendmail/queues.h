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
  std::vector<observe::Queue> queues;  // those that are served, by number
};

// All of them, or that of -qG.
//   errors  "Queue group NAME unknown"; a declaration that is wrong
Result<std::vector<GroupQueues>, Misuse> queues_by_group(const Work& work);

}  // namespace sluice::sendmail
