// RunStarter: starts the queue runs of a daemon, group by group: asks all queues of a group for the run, and says on
// standard error what is wrong with that, once for as long as it is the same. When to start is its user's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/route/queue_groups.h"
#include "core/supervise/group_runs.h"
#include "system/ipc/run_request.h"
#include "system/net/loop.h"

namespace sluice::ipc {

class RunStarter {
 public:
  // `groups`: all of the instance; `runs`: those to be started.
  RunStarter(net::Loop& loop, std::string run_directory, std::vector<route::QueueGroup> groups,
             std::vector<supervise::GroupRun> runs);

  const std::vector<supervise::GroupRun>& runs() const { return runs_; }

  // The run at this place of runs(). `then` is called once, from the loop, with the number of messages selected. While
  // a queue has not answered the last one, this one would be the same: nothing is done and `then` is dropped.
  void start(std::size_t place, std::function<void(std::uint64_t selected)> then);

 private:
  void answered(std::size_t place, const RunRequest::Outcome& outcome, const std::function<void(std::uint64_t)>& then);

  net::Loop& loop_;
  const std::string run_directory_;
  const std::vector<route::QueueGroup> groups_;
  const std::vector<supervise::GroupRun> runs_;
  std::vector<std::unique_ptr<RunRequest>> asked_;  // not yet answered
  std::vector<std::string> troubles_;               // that were said
  std::uint64_t count_ = 0;
};

}  // namespace sluice::ipc
