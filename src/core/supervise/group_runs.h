// The queue runs that a daemon starts again and again: one for each queue group that it is about, and which queues that
// concerns. From the plan of the daemon and the groups of the instance; pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/route/queue_groups.h"
#include "core/select/queue_run.h"
#include "core/settings/settings.h"
#include "core/supervise/daemon_plan.h"

namespace sluice::supervise {

// What counts where a group does not say it.
struct RunDefaults {
  select::SortOrder order = select::SortOrder::kPriority;
  std::uint64_t most = 0;
  std::uint32_t width = 0;
};
// All groups of queues of the instance, the default one first, as its settings declare them.
std::vector<route::QueueGroup> queue_groups_of(const settings::Settings& settings);
RunDefaults run_defaults_of(const settings::Settings& settings);

struct GroupRun {
  std::string group;
  std::optional<Duration> interval;  // of the group (I=), else of the plan
  select::QueueRun run;              // without id
};

// Groups with R=0 are left out, unless -qG names one. `by`: who starts them, for people.
std::vector<GroupRun> group_runs(const DaemonPlan& plan, std::span<const route::QueueGroup> groups,
                                 const RunDefaults& defaults, const std::string& by);

// Whether the queue of this number belongs to the group. The default group has all numbers that no other group has.
bool belongs_to(std::string_view group, unsigned queue_number, std::span<const route::QueueGroup> groups);

}  // namespace sluice::supervise
