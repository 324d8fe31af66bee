// The loads of all queues from shared memory (core/link/queue_counts.h), as qmonitor and qmail-qread -i need them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/link/queue_counts.h"
#include "core/monitor/load.h"
#include "core/settings/settings.h"
#include "system/groups/groups.h"

namespace sluice::observe {

struct SharedLoads {
  link::SchedulerCounts counts;            // of all groups together
  std::vector<monitor::QueueLoad> queues;  // those that are offered and can be read
  std::vector<std::string> unreadable;     // a sentence for each of the others
};

// Nothing: there is no /qscheduler of this instance (system/ipc/offered_queues.h), so that there are no dynamic queues.
std::optional<SharedLoads> read_loads(const settings::Settings& settings);

// What the commands say then, after their name and "fatal: ".
inline constexpr const char* kNoScheduler = "dynamic queue disabled / qscheduler not running";

// A queue of this number is one that qscheduler offers of the group.
bool is_offered(const link::SchedulerCounts& counts, const groups::Group& group, unsigned number);

}  // namespace sluice::observe
