#include "queues.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::sendmail {

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
  const auto groups = route::QueueGroups::of({}, {});
  if (!groups) return fail(Misuse{groups.error(), false});
  const std::string& wanted = work.options.queue.group;
  const auto only = groups->place_of(wanted);
  if (!wanted.empty() && !only) return fail(Misuse{fmt::format("Queue group {} unknown", wanted), true});
  std::vector<GroupQueues> all;
  for (const route::QueueGroup& group : groups->all()) all.push_back({group, {}});
  for (observe::Queue& queue : observe::queues_of(work.settings)) {
    const auto place = groups->place_of(queue.group);
    if (place && !observe::is_retired(queue)) all[*place].queues.push_back(std::move(queue));
  }
  if (only) all = {std::move(all[*only])};
  return all;
}

}  // namespace sluice::sendmail
