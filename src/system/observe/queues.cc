#include "system/observe/queues.h"

#include <fmt/format.h>

#include <set>

#include "core/queue/layout.h"
#include "core/queue/message.h"
#include "core/route/queue_groups.h"
#include "system/ipc/offered_queues.h"
#include "system/net/socket.h"
#include "system/observe/shared_loads.h"
#include "system/store/disk.h"
#include "system/store/layout.h"

namespace sluice::observe {

namespace {

constexpr std::string_view kPrefix = "queue";

// The N of "queueN"; 0 for any other name.
unsigned number_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return 0;
  name.remove_prefix(kPrefix.size());
  const auto number = store::parse_name(name, "", 10);
  const bool plain = number && *number > 0 && *number < queue::kQueueNumbers && name.front() != '0';
  return plain ? static_cast<unsigned>(*number) : 0;
}

}  // namespace

std::vector<Queue> queues_of(const settings::Settings& settings) {
  std::set<unsigned> numbers;
  for (unsigned i = 0; i < settings.queue_count && settings.queue_start + i < queue::kQueueNumbers; ++i)
    numbers.insert(settings.queue_start + i);
  if (const auto names = store::posix_disk().list(settings.queue_base))
    for (const std::string& name : *names)
      if (const unsigned number = number_of(name); number >= settings.queue_start) numbers.insert(number);
  const auto counts = ipc::published_counts(settings);
  std::vector<Queue> queues;
  for (const unsigned number : numbers) {
    const std::string name = fmt::format("{}{}", kPrefix, number);
    queues.push_back({number, name, settings.queue_base + '/' + name, queue::control_socket(settings.run_dir, name),
                      !counts || is_offered(*counts, settings, number), std::string(route::kDefaultGroup)});
  }
  return queues;
}

bool is_retired(const Queue& queue) { return !queue.expected && !net::connect_path(queue.control); }

}  // namespace sluice::observe
