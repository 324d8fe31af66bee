// One process that delivers under a user's uid (qmail-local --worker), as qmail-lspawn sees it: a socket, and the
// letters that it has been given and not yet answered. It may be hostile: a word that is not an answer to one of those
// letters, or no word in time, ends it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/link/worker.h"
#include "job.h"
#include "letter_bodies.h"
#include "system/net/loop.h"
#include "system/net/stream.h"
#include "system/os/process.h"

namespace sluice::local_delivery {

class WorkerProcess {
 public:
  struct Events {
    std::function<void(const Job&, link::LetterDone)> done;
    // It ended, or was ended; what it had was answered before. May not destroy it at once.
    std::function<void()> gone;
  };
  // Both live longer.
  struct Environment {
    net::Loop& loop;
    LetterBodies& bodies;
    std::string default_delivery;
    link::WorkerSetup setup;
    os::Program program;  // without descriptors and identity
  };
  // The error is a text: it could not be started.
  static Result<std::unique_ptr<WorkerProcess>, std::string> start(const Environment& environment,
                                                                   const local::Owner& owner, Events events);
  ~WorkerProcess();

  void give(Job job);
  void child_ended() { pid_ = 0; }  // it is reaped: nobody may signal that number any more
  pid_t pid() const { return pid_; }

  bool idle() const { return in_flight_.empty() && backlog_.empty(); }
  MonoTime idle_since() const { return idle_since_; }
  // Of the letters that it has; MonoTime::max(): none.
  MonoTime deadline() const;
  // Ends it; its letters are deferred.
  void kill(const std::string& why);

 private:
  struct InFlight {
    Job job;
    MonoTime deadline;
    bool slow = false;
  };
  WorkerProcess(const Environment& environment, pid_t pid, os::Fd link, os::Fd bodies, Events events);
  void send(Job job);
  bool send_body(const Job& job);
  void encode(const Job& job, Octets body);
  void drained();
  std::size_t receive(Octets octets);
  bool take(const link::Frame& frame);
  void lost(const std::string& why);
  void defer(const Job& job, const std::string& why);

  const Environment& environment_;
  pid_t pid_;
  std::shared_ptr<net::Stream> link_;
  os::Fd body_socket_;
  Events events_;
  boost::unordered_flat_map<std::uint64_t, InFlight> in_flight_;
  std::deque<Job> backlog_;  // while its socket is full
  MonoTime idle_since_;
  std::string read_;
  bool lost_ = false;
};

}  // namespace sluice::local_delivery
