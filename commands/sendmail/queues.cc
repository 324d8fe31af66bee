#include "queues.h"

#include <algorithm>

#include "system/groups/groups.h"

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

Result<std::vector<GroupQueues>, Misuse> queues_by_group(const Work& work, Retired retired) {
  const groups::Groups groups(work.settings);
  const std::string& wanted = work.options.queue.group;
  const groups::Group* const only = wanted.empty() ? nullptr : groups.find(wanted);
  if (!wanted.empty() && only == nullptr) return fail(Misuse{route::unknown_group(wanted), true});
  std::vector<GroupQueues> all;
  for (const groups::Group& group : groups.all()) all.push_back({group.policy, {}});
  for (observe::Queue& queue : observe::queues_of(work.settings)) {
    const auto place = groups.rules().place_of(queue.group);
    if (place && (retired == Retired::kIncluded || !observe::is_retired(queue)))
      all[*place].queues.push_back(std::move(queue));
  }
  if (only != nullptr) all = {std::move(all[static_cast<std::size_t>(only - groups.all().data())])};
  return all;
}

}  // namespace sluice::sendmail
