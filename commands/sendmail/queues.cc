#include "queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bytes.h"
#include "core/supervise/group_runs.h"

namespace sluice::sendmail {

namespace {

std::optional<std::size_t> place_of(std::string_view name, std::span<const route::QueueGroup> groups) {
  if (ascii_equal_ignore_case(name, "default")) name = route::kDefaultGroup;
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (ascii_equal_ignore_case(groups[i].name, name)) return i;
  return std::nullopt;
}

}  // namespace

select::SortOrder order_of(const Work& work, const route::QueueGroup& group) {
  if (group.order) return *group.order;
  return select::parse_sort_order(work.settings.queue_run_order).value_or(select::SortOrder::kPriority);
}

std::uint64_t most_of(const Work& work, const route::QueueGroup& group) {
  const std::uint64_t of_all = work.settings.queue_run_most;
  if (group.jobs == 0 || of_all == 0) return std::max(group.jobs, of_all);
  return std::min(group.jobs, of_all);
}

Result<std::vector<GroupQueues>, Misuse> queues_by_group(const Work& work) {
  const auto groups = supervise::queue_groups_of(work.settings);
  const std::string& wanted = work.options.queue.group;
  const auto only = place_of(wanted, groups);
  if (!wanted.empty() && !only) return fail(Misuse{fmt::format("Queue group {} unknown", wanted), true});
  std::vector<GroupQueues> all;
  for (const route::QueueGroup& group : groups) all.push_back({group, {}});
  for (observe::Queue& queue : observe::queues_of(work.settings)) {
    const auto place = place_of(queue.group, groups);
    if (place && !observe::is_retired(queue)) all[*place].queues.push_back(std::move(queue));
  }
  if (only) all = {std::move(all[*only])};
  return all;
}

}  // namespace sluice::sendmail
