// QueueLink: qscheduler's end of the link to the qmail-send of one queue (core/link/supervision.h). It outlives that
// process: each start() makes a new link and passes its other end on through qmail-start. What was ordered with drain()
// and pause() is said again to each new qmail-send. With it come the queue's neighbours (qmail-rspawn and so on) that
// had to be started again alone (neighbour_start.h).
//
// Callbacks come from the loop, never from within a call; they may destroy nothing of this.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "child.h"
#include "core/link/supervision.h"
#include "core/supervise/queue_set.h"
#include "instance.h"
#include "neighbour_start.h"
#include "paused_queues.h"
#include "system/ipc/link.h"
#include "system/layout/owners.h"

namespace sluice::supervisor {

class QueueLink {
 public:
  struct Callbacks {
    std::function<void(const link::QueueReport&)> on_report = nullptr;
    std::function<void(const link::NeighbourLost&)> on_lost = nullptr;  // it is being replaced already
    // Nothing is left in the queue; qmail-send ends now, with status 0.
    std::function<void()> on_drained = nullptr;
    // qmail-send has ended, or broke the protocol. Its process is Child's affair.
    std::function<void()> on_closed = nullptr;
  };

  // `instance` and `owners` are not owned.
  QueueLink(net::Loop& loop, const Instance& instance, supervise::QueueSpec queue, const layout::Owners& owners,
            Callbacks callbacks);

  // Starts the queue (start_queue()) with a link of its own; for Child::Kind::start. The process is a group leader.
  Result<pid_t, StartTrouble> start();
  // The queue is to end: neighbours that are missing are not started any more.
  void stop();
  // A process that ended, if it is a neighbour that was started from here.
  bool ended(pid_t pid, int status);

  // Both are remembered, and may be ordered while the queue does not run.
  void drain(bool on);
  // Kept until it is taken back, even by another qscheduler. The error is a sentence; nothing has changed then.
  Result<void, std::string> pause(bool on);
  bool draining() const { return draining_; }
  bool paused() const { return paused_; }

  // Hands qmail-send its end of the link to a new neighbour.
  void give(link::Role role, os::Fd socket);

  bool connected() const { return link_ != nullptr; }
  const supervise::QueueSpec& queue() const { return queue_; }
  std::string name() const;  // "queue1"
  // The last one of the qmail-send that runs now.
  const std::optional<link::QueueReport>& report() const { return report_; }
  // Members to put into what `status` says of the queue: "paused", "draining", "neighbours".
  void describe(nlohmann::json& object) const;

 private:
  bool receive(const link::Frame& frame);
  void closed(const std::string& why);

  net::Loop& loop_;
  const Instance& instance_;
  supervise::QueueSpec queue_;
  const layout::Owners& owners_;
  Callbacks callbacks_;
  std::unique_ptr<ipc::Link> link_;
  std::optional<link::QueueReport> report_;
  PausedQueues paused_queues_;
  bool draining_ = false, paused_ = false;
  NeighbourStarts neighbours_;
};

}  // namespace sluice::supervisor
