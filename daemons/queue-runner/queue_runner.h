// QueueRunner: one persistent queue runner. For each group of queues that it serves: asks all of its queues for a run,
// hears how many messages they selected, sleeps, and begins again. It waits for no delivery, so nothing that hangs
// changes its rhythm; and a group's rhythm does not depend on another's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/ipc/run_starter.h"
#include "system/net/loop.h"

namespace sluice::queue_runner {

class QueueRunner {
 public:
  // `groups`: all of the instance; `runs`: those of the groups that are served.
  QueueRunner(net::Loop& loop, const std::string& run_directory, const std::vector<route::QueueGroup>& groups,
              const std::vector<supervise::GroupRun>& runs);

  // The first runs are now.
  void start();

 private:
  void run(std::size_t place);

  ipc::RunStarter starter_;
  std::vector<std::unique_ptr<net::Timer>> sleeps_;
};

}  // namespace sluice::queue_runner
