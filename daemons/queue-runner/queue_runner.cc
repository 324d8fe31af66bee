#include "queue_runner.h"

#include "core/supervise/run_timers.h"

namespace sluice::queue_runner {

QueueRunner::QueueRunner(net::Loop& loop, const std::string& run_directory,
                         const std::vector<route::QueueGroup>& groups, const std::vector<supervise::GroupRun>& runs)
    : starter_(loop, run_directory, groups, runs) {
  for (std::size_t place = 0; place < runs.size(); ++place)
    sleeps_.push_back(std::make_unique<net::Timer>(loop, [this, place] { run(place); }));
}

void QueueRunner::start() {
  for (std::size_t place = 0; place < sleeps_.size(); ++place) run(place);
}

void QueueRunner::run(std::size_t place) {
  starter_.start(place, [this, place](std::uint64_t selected) {
    sleeps_[place]->set_after(supervise::sleep_after_run(starter_.runs()[place].interval, selected == 0));
  });
}

}  // namespace sluice::queue_runner
