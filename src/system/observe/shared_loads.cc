#include "system/observe/shared_loads.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/ipc/offered_queues.h"
#include "system/ipc/shared_counts.h"

namespace sluice::observe {

bool is_offered(const link::SchedulerCounts& counts, const groups::Group& group, unsigned number) {
  return number >= group.first && number - group.first < static_cast<unsigned>(std::max(counts.in_use, 0));
}

namespace {

void add_loads(const settings::Settings& settings, const groups::Group& group, const link::SchedulerCounts& counts,
               SharedLoads& loads) {
  loads.counts.in_use += counts.in_use;
  loads.counts.made += counts.made;
  for (unsigned number = group.first; is_offered(counts, group, number); ++number) {
    const std::string name = link::ipc_name(settings.ipc_prefix, fmt::format("queue{}", number));
    const auto object = ipc::SharedCounts::open(name, ipc::SharedCounts::Use::kRead);
    const auto queue = object ? object->get<link::QueueCounts>() : std::nullopt;
    if (queue)
      loads.queues.push_back({number, *queue});
    else
      loads.unreadable.push_back(object ? fmt::format("the counts in {} are damaged", name) : object.error());
  }
}

}  // namespace

std::optional<SharedLoads> read_loads(const settings::Settings& settings) {
  const groups::Groups groups(settings);
  if (!ipc::published_counts(settings, groups.default_group())) return std::nullopt;
  SharedLoads loads;
  for (const groups::Group& group : groups.all())
    if (const auto counts = ipc::published_counts(settings, group)) add_loads(settings, group, *counts, loads);
  return loads;
}

}  // namespace sluice::observe
