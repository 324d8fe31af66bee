// Watcher: an Observer in a thread of its own. The other thread is told of each new look by a descriptor.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "observer.h"
#include "system/os/fd.h"

namespace sluice::qtop {

class Watcher {
 public:
  // Looks at once, a second later for the first rates, and then every `interval`. The thread takes no signals. Throws
  // os::Fatal.
  Watcher(Observer& observer, std::chrono::seconds interval);

  void look_now();
  // The last look, if it was not taken yet. Afterwards the descriptor is not readable until the next.
  std::optional<monitor::Snapshot> take();
  int descriptor() const { return ready_.get(); }

 private:
  void run(const std::stop_token& stop);
  void wait(const std::stop_token& stop, std::chrono::seconds span);

  Observer& observer_;
  std::chrono::seconds interval_;
  os::Fd ready_;  // an eventfd
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool now_ = false;                           // under mutex_
  std::optional<monitor::Snapshot> snapshot_;  // under mutex_
  std::jthread thread_;                        // last: it uses all the others
};

}  // namespace sluice::qtop
