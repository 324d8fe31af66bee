#include "system/ipc/offered_queues.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/queue/layout.h"
#include "core/queue/message.h"
#include "system/ipc/shared_counts.h"

namespace sluice::ipc {

namespace {

using Use = SharedCounts::Use;

// Root's, or of whoever runs the instance without root.
bool is_of_the_instance(const SharedCounts& counts, const settings::Settings& settings) {
  const auto owner = counts.owner();
  struct stat run {};
  return owner && (*owner == 0 || (::stat(settings.run_dir.c_str(), &run) == 0 && *owner == run.st_uid));
}

select::QueueState published_state(const settings::Settings& settings, unsigned number) {
  const auto shared = SharedCounts::open(link::ipc_name(settings.ipc_prefix, queue_name(number)), Use::kRead);
  return select::state_of(shared ? shared->get<link::QueueCounts>() : std::nullopt);
}

}  // namespace

std::vector<select::QueueState> OfferedQueues::states() const {
  std::vector<select::QueueState> states;
  states.reserve(queues.size());
  for (const OfferedQueue& queue : queues) states.push_back(queue.state);
  return states;
}

OfferedQueues static_offer(const settings::Settings& settings) {
  OfferedQueues offered;
  for (unsigned i = 0; i < settings.queue_count; ++i)
    offered.queues.push_back({settings.queue_start + i, {.open = true}});
  return offered;
}

std::optional<link::SchedulerCounts> published_counts(const settings::Settings& settings) {
  const auto shared = SharedCounts::open(link::ipc_name(settings.ipc_prefix, "qscheduler"), Use::kRead);
  if (!shared || !is_of_the_instance(*shared, settings)) return std::nullopt;
  return shared->get<link::SchedulerCounts>();
}

OfferedQueues offered_queues(const settings::Settings& settings) {
  const auto published = published_counts(settings);
  const unsigned count = published ? static_cast<unsigned>(published->in_use) : 0;
  if (count == 0 || settings.queue_start + count > queue::kQueueNumbers) return static_offer(settings);
  OfferedQueues offered{.dynamic = true, .queues = {}};
  for (unsigned number = settings.queue_start; number < settings.queue_start + count; ++number)
    offered.queues.push_back({number, published_state(settings, number)});
  return offered;
}

std::string intake_of(const settings::Settings& settings, unsigned number) {
  return queue::intake_socket(settings.run_dir, queue_name(number));
}

std::size_t some_turn() {
  std::size_t random = 0;
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof random)) return random;
  return static_cast<std::size_t>(::getpid());
}

std::string queue_name(unsigned number) { return fmt::format("queue{}", number); }

}  // namespace sluice::ipc
