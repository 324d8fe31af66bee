// The letters of a worker that take time of their own: programs, mbox locks, forwards. Each is carried out in a child
// of the worker, under the same uid, so that one that hangs delays no other letter of the user. At most so many run at
// once; a letter for which there is no room soon is deferred.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/link/worker.h"
#include "system/net/loop.h"
#include "system/net/stream.h"
#include "system/os/fd.h"

namespace sluice::mailbox_delivery {

class SlowLetters {
 public:
  // `replacement`: QMAILLOCAL, or empty. The setup outlives this.
  SlowLetters(net::Loop& loop, const link::WorkerSetup& setup, std::string replacement,
              std::function<void(const link::LetterDone&)> done);

  // Takes over one; `body` is open if the message is not in the payload.
  void take(std::uint64_t token, Octets payload, os::Fd body);

  // While it is held no child is made; letters wait.
  void hold(bool held);

  bool empty() const { return running_.empty(); }
  // Nobody waits for the answers any more: programs are stopped, what is being written is finished.
  void stop();

 private:
  struct Waiting {
    std::uint64_t token;
    std::string payload;
    os::Fd body;
    MonoTime until;
  };
  struct Running {
    pid_t pid;
    std::shared_ptr<net::Stream> report;
    std::unique_ptr<net::Timer> limit;
  };
  void start(Waiting letter);
  void start_next();
  void defer_late_ones();
  void ended(std::uint64_t token, Octets report);

  net::Loop& loop_;
  const link::WorkerSetup& setup_;
  std::string replacement_;
  std::function<void(const link::LetterDone&)> done_;
  std::deque<Waiting> waiting_;
  net::Timer late_;
  bool held_ = false;
  boost::unordered_flat_map<std::uint64_t, Running> running_;
};

}  // namespace sluice::mailbox_delivery
