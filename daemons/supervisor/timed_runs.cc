#include "timed_runs.h"

namespace sluice::supervisor {

namespace {

std::vector<std::optional<Duration>> intervals_of(const std::vector<supervise::GroupRun>& runs) {
  std::vector<std::optional<Duration>> intervals;
  for (const auto& run : runs) intervals.push_back(run.interval);
  return intervals;
}

}  // namespace

TimedRuns::TimedRuns(net::Loop& loop, const std::string& run_directory, const std::vector<route::QueueGroup>& groups,
                     const std::vector<supervise::GroupRun>& runs)
    : loop_(loop),
      starter_(loop, run_directory, groups, runs),
      timers_(intervals_of(runs), loop.now()),
      timer_(loop, [this] { tick(); }) {
  tick();
}

void TimedRuns::tick() {
  for (const std::size_t place : timers_.due(loop_.now())) starter_.start(place, [](std::uint64_t) {});
  if (const auto next = timers_.next()) timer_.set(*next);
}

}  // namespace sluice::supervisor
