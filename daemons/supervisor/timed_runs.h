// TimedRuns: when a daemon with an interval (sendmail -q1h) starts queue runs: at once, then from start to start, each
// group of queues at its own interval. The queues are asked over their control sockets, ours or another supervisor's
// alike; no delivery is waited for.
#pragma once

#include "core/supervise/run_timers.h"
#include "system/ipc/run_starter.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

class TimedRuns {
 public:
  // The first runs are now.
  TimedRuns(net::Loop& loop, const std::string& run_directory, const std::vector<route::QueueGroup>& groups,
            const std::vector<supervise::GroupRun>& runs);

 private:
  void tick();

  net::Loop& loop_;
  ipc::RunStarter starter_;
  supervise::RunTimers timers_;
  net::Timer timer_;
};

}  // namespace sluice::supervisor
