#include "core/supervise/group_runs.h"

#include <algorithm>

#include "base/bytes.h"
#include "core/settings/table.h"
#include "core/settings/value.h"

namespace sluice::supervise {

namespace {

bool has(const route::QueueGroup& group, unsigned number) {
  return number >= group.first_queue && number - group.first_queue < group.queue_max;
}

// The default group has two names.
bool is_named(const route::QueueGroup& group, std::string_view name) {
  if (ascii_equal_ignore_case(name, "default")) name = route::kDefaultGroup;
  return ascii_equal_ignore_case(group.name, name);
}

}  // namespace

// The declarations were checked with the settings.
std::vector<route::QueueGroup> queue_groups_of(const settings::Settings& settings) {
  const auto* const row = settings::find_by_name("queuegroups");
  const auto declared = row == nullptr ? std::vector<std::string>{} : settings::value_entries(*row, settings);
  const auto groups = route::QueueGroups::of(declared, {});
  if (!groups) return {route::QueueGroup{}};
  return {groups->all().begin(), groups->all().end()};
}

RunDefaults run_defaults_of(const settings::Settings& settings) {
  return {select::parse_sort_order(settings.queue_run_order).value_or(select::SortOrder::kPriority),
          settings.queue_run_most, settings.queue_run_runners};
}

std::vector<GroupRun> group_runs(const DaemonPlan& plan, std::span<const route::QueueGroup> groups,
                                 const RunDefaults& defaults, const std::string& by) {
  std::vector<GroupRun> runs;
  for (const route::QueueGroup& group : groups) {
    if (plan.group ? !is_named(group, *plan.group) : group.runners == 0u) continue;
    GroupRun one{.group = group.name, .interval = plan.interval, .run = {}};
    if (group.interval) one.interval = *group.interval;
    one.run.trigger = plan.persistent ? select::Trigger::kPersistent : select::Trigger::kTimer;
    one.run.by = by;
    one.run.selector = plan.selector;
    one.run.order = group.order.value_or(defaults.order);
    one.run.most = group.jobs == 0 || defaults.most == 0 ? std::max(group.jobs, defaults.most)
                                                         : std::min(group.jobs, defaults.most);
    one.run.width = group.runners.value_or(defaults.width);
    runs.push_back(std::move(one));
  }
  return runs;
}

bool belongs_to(std::string_view group, unsigned queue_number, std::span<const route::QueueGroup> groups) {
  const auto owner = std::find_if(groups.begin(), groups.end(), [&](const route::QueueGroup& one) {
    return one.name != route::kDefaultGroup && has(one, queue_number);
  });
  return ascii_equal_ignore_case(owner == groups.end() ? route::kDefaultGroup : std::string_view(owner->name), group);
}

}  // namespace sluice::supervise
