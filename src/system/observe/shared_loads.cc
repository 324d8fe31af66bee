#include "system/observe/shared_loads.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/ipc/offered_queues.h"
#include "system/ipc/shared_counts.h"

namespace sluice::observe {

bool is_offered(const link::SchedulerCounts& counts, const settings::Settings& settings, unsigned number) {
  return number >= settings.queue_start &&
         number - settings.queue_start < static_cast<unsigned>(std::max(counts.in_use, 0));
}

std::optional<SharedLoads> read_loads(const settings::Settings& settings) {
  const auto counts = ipc::published_counts(settings);
  if (!counts) return std::nullopt;
  SharedLoads loads{*counts, {}, {}};
  for (unsigned number = settings.queue_start; is_offered(*counts, settings, number); ++number) {
    const std::string name = link::ipc_name(settings.ipc_prefix, fmt::format("queue{}", number));
    const auto object = ipc::SharedCounts::open(name, ipc::SharedCounts::Use::kRead);
    const auto queue = object ? object->get<link::QueueCounts>() : std::nullopt;
    if (queue)
      loads.queues.push_back({number, *queue});
    else
      loads.unreadable.push_back(object ? fmt::format("the counts in {} are damaged", name) : object.error());
  }
  return loads;
}

}  // namespace sluice::observe
