#include "system/ipc/offered_queues.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/queue/layout.h"
#include "core/queue/message.h"
#include "system/ipc/queue_objects.h"
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

OfferedQueues static_offer(const groups::Group& group) {
  OfferedQueues offered;
  for (unsigned i = 0; i < group.least; ++i) offered.queues.push_back({group.first + i, {.open = true}});
  return offered;
}

std::optional<link::SchedulerCounts> published_counts(const settings::Settings& settings, const groups::Group& group) {
  const auto shared =
      SharedCounts::open(link::ipc_name(settings.ipc_prefix, scheduler_object(group.policy.name)), Use::kRead);
  if (!shared || !is_of_the_instance(*shared, settings)) return std::nullopt;
  return shared->get<link::SchedulerCounts>();
}

OfferedQueues offered_queues(const settings::Settings& settings, const groups::Group& group) {
  const auto published = published_counts(settings, group);
  const unsigned count = published ? static_cast<unsigned>(published->in_use) : 0;
  if (count == 0 || group.first + count > queue::kQueueNumbers) return static_offer(group);
  OfferedQueues offered{.dynamic = true, .queues = {}};
  for (unsigned number = group.first; number < group.first + count; ++number)
    offered.queues.push_back({number, published_state(settings, number)});
  return offered;
}

std::vector<GroupOffer> offers_of_groups(const settings::Settings& settings, const groups::Groups& groups) {
  std::vector<GroupOffer> offers;
  for (std::size_t group = 0; group < groups.all().size(); ++group)
    for (const OfferedQueue& queue : offered_queues(settings, groups.all()[group]).queues)
      offers.push_back({group, queue});
  return offers;
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
