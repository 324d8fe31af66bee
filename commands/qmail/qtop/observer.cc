#include "observer.h"

#include <unistd.h>

#include "system/ipc/offered_queues.h"
#include "system/ipc/shared_counts.h"
#include "system/observe/log_tail.h"
#include "system/observe/queue_answers.h"
#include "system/observe/shared_loads.h"
#include "system/os/clock.h"

namespace sluice::qtop {

namespace {

constexpr Duration kPatience{1000};
constexpr std::size_t kMostLanes = 50, kMostLogLines = 200;

// multilog's and svlogd's file in the home directory; nothing if there is none.
std::string usual_log(const settings::Settings& settings) {
  const std::string log = observe::log_file(settings.home + "/log");
  return ::access(log.c_str(), R_OK) == 0 ? log : std::string();
}

bool is_disabled(const settings::Settings& settings, const std::string& queue) {
  const auto object =
      ipc::SharedCounts::open(link::ipc_name(settings.ipc_prefix, queue), ipc::SharedCounts::Use::kRead);
  const auto counts = object ? object->get<link::QueueCounts>() : std::nullopt;
  return counts && counts->flag != 0;
}

}  // namespace

Observer::Observer(const settings::Settings& settings, const std::string& log)
    : settings_(settings), log_(log.empty() ? usual_log(settings) : observe::log_file(log)) {}

monitor::QueueFigures Observer::look_at(const observe::Queue& queue, bool dynamic,
                                        std::vector<monitor::LaneFigures>& lanes) {
  auto figures = observe::ask_figures(queue, kPatience);
  if (!figures) {
    monitor::QueueFigures silent;
    silent.number = queue.number;
    silent.name = queue.name;
    silent.state = observe::is_retired(queue) ? monitor::QueueState::kRetired : monitor::QueueState::kSilent;
    silent.trouble = figures.error();
    return silent;
  }
  figures->offered = queue.expected;
  figures->disabled = dynamic && is_disabled(settings_, queue.name);
  if (auto busy = observe::ask_lanes(queue, kMostLanes, kPatience))
    lanes.insert(lanes.end(), std::make_move_iterator(busy->begin()), std::make_move_iterator(busy->end()));
  return std::move(*figures);
}

monitor::Snapshot Observer::look(const std::stop_token& stop) {
  const MonoTime now = os::mono_now();
  monitor::Snapshot snapshot;
  snapshot.at = os::wall_now();
  snapshot.home = settings_.home;
  snapshot.dynamic = ipc::published_counts(settings_, groups::Groups(settings_).default_group()).has_value();
  for (const observe::Queue& queue : observe::queues_of(settings_)) {
    if (stop.stop_requested()) return snapshot;
    snapshot.queues.push_back(look_at(queue, snapshot.dynamic, snapshot.lanes));
  }
  snapshot.lanes = monitor::busiest(std::move(snapshot.lanes), kMostLanes);
  if (last_) monitor::set_rates(snapshot, *last_, now - last_at_);
  last_ = snapshot;
  last_at_ = now;
  if (log_.empty()) return snapshot;
  snapshot.log_name = log_;
  auto lines = observe::read_log_tail(log_, kMostLogLines, std::chrono::minutes(os::utc_offset_minutes(snapshot.at)));
  if (lines)
    snapshot.log = std::move(*lines);
  else
    snapshot.log = {lines.error()};
  return snapshot;
}

}  // namespace sluice::qtop
