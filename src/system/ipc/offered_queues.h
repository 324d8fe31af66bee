// Which queues of an instance, group by group, take new messages, and which of them best: the one place where that is
// found out.
//
// With dynamic queues qscheduler publishes their number in shared memory, and each queue its load. Without (there is no
// such object, it cannot be understood, or it is not the instance's own: anybody on this machine can make one) it is
// the static set of the group. Reading costs a few system calls a queue.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/link/queue_counts.h"
#include "core/select/published_load.h"
#include "core/settings/settings.h"
#include "system/groups/groups.h"

namespace sluice::ipc {

struct OfferedQueue {
  unsigned number = 0;
  select::QueueState state;
};
// Of one group.
struct OfferedQueues {
  bool dynamic = false;
  std::vector<OfferedQueue> queues;  // by number; at least one
  std::vector<select::QueueState> states() const;
};
OfferedQueues offered_queues(const settings::Settings& settings, const groups::Group& group);

// All groups, in their order.
struct GroupOffer {
  std::size_t group = 0;
  OfferedQueue queue;
};
std::vector<GroupOffer> offers_of_groups(const settings::Settings& settings, const groups::Groups& groups);

// What qscheduler publishes; nothing if queues are not dynamic, which is found out as above.
std::optional<link::SchedulerCounts> published_counts(const settings::Settings& settings, const groups::Group& group);

// The queues of the static set.
OfferedQueues static_offer(const groups::Group& group);

// Where the turn of a program that queues one message begins: by chance, because the process ids of programs that are
// started one after the other follow patterns.
std::size_t some_turn();

// "queue7"
std::string queue_name(unsigned number);
// The socket of its qmail-intake.
std::string intake_of(const settings::Settings& settings, unsigned number);

}  // namespace sluice::ipc
