// FleetQueue: one queue under supervision: its processes (child.h), the link to its qmail-send (queue_link.h), its
// shared memory and message queue where queues are dynamic, and whether its intake takes mail. It serves, or it drains:
// then it takes no new mail and ends when it is empty.
//
// A queue that cannot be started is started again and again, in both states.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "child.h"
#include "core/supervise/scaling.h"
#include "instance.h"
#include "queue_link.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

class FleetQueue {
 public:
  // Called from the loop; none may destroy the queue.
  struct Events {
    std::function<void()> on_start;  // its processes were started
    std::function<void(const link::QueueReport&)> on_report;
    std::function<void()> on_ready;                   // it serves and its intake takes mail from now on
    std::function<void(pid_t)> on_empty;              // it drained; this qmail-send ends now
    std::function<void(pid_t)> on_retired;            // and nothing of it is left
    std::function<void(const std::string&)> on_note;  // about its shared memory and message queue
  };

  // `instance`, `owners` and `error_interval` (between tries to make shared memory, may change) are not owned.
  FleetQueue(net::Loop& loop, const Instance& instance, const layout::Owners& owners, supervise::QueueSpec spec,
             const Duration& error_interval, Events events);

  void start();
  void drain();
  void take_back();
  bool draining() const { return link_.draining(); }
  Result<void, std::string> pause(bool on) { return link_.pause(on); }

  // Never starts anything again; `on_stopped` is called when nothing is left.
  void stop(std::function<void()> on_stopped);
  void forward(int signo) { child_.forward(signo); }
  // A process that ended; false: not one of this queue.
  bool ended(pid_t pid, int status);

  const supervise::QueueSpec& spec() const { return spec_; }
  pid_t pid() const { return child_.pid(); }
  bool ready() const { return ready_; }
  bool in_trouble() const;
  supervise::PlaceState state() const;
  nlohmann::json report() const;

 private:
  Child::Kind kind();
  Result<pid_t, StartTrouble> start_processes();
  void make_objects();
  void look_at_door();
  bool finished(int status);
  void retired();

  net::Loop& loop_;
  const Instance& instance_;
  const layout::Owners& owners_;
  const supervise::QueueSpec spec_;
  const Duration& error_interval_;
  const std::string name_, intake_;
  Events events_;
  QueueLink link_;
  Child child_;
  net::Timer door_, objects_;
  MonoTime started_{};
  bool ready_ = false;    // since the processes were started, or the drain was taken back
  bool drained_ = false;  // the qmail-send that was started last has said that nothing is left
  pid_t last_pid_ = 0;
  std::string complaint_;  // about the shared memory
};

}  // namespace sluice::supervisor
