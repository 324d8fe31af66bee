// RunRequest: asks several queues for the same queue run (core/select/queue_run.h), all at once and without ever
// blocking the loop, and gathers how many messages each selected. For those who start runs again and again and do not
// wait for their deliveries: the timers of a daemon and the persistent runners.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/select/queue_run.h"
#include "system/net/loop.h"

namespace sluice::ipc {

// The control sockets of an instance's queues, by their numbers, in ascending order. A socket may be left over from a
// queue that does not run.
struct QueueSocket {
  unsigned number = 0;
  std::string path;
};
std::vector<QueueSocket> queue_sockets(const std::string& run_directory);

class RunRequest {
 public:
  struct Outcome {
    std::size_t answered = 0;             // queues that took the run
    std::uint64_t selected = 0;           // messages, of all of them
    std::vector<std::string> troubles{};  // a sentence for each queue that runs and did not take it
  };

  // Calls `done` once, from the loop: when every queue has answered, or `patience` is over. Destroying the request
  // before that withdraws nothing that a queue has heard; `done` is not called then.
  RunRequest(net::Loop& loop, const std::vector<std::string>& sockets, const select::QueueRun& run, Duration patience,
             std::function<void(const Outcome&)> done);
  ~RunRequest();
  RunRequest(const RunRequest&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::ipc
