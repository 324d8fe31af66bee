// SupervisorLink: qmail-send's end of the link to qscheduler (core/link/supervision.h). It tells how the queue does,
// when that has changed and at most every 250 ms, and which neighbour is missing; it takes orders and new neighbours. A
// queue that was started by qmail-start alone has none: then nothing is sent and nothing comes.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/link/supervision.h"
#include "system/ipc/link.h"

namespace sluice::scheduler {

class SupervisorLink {
 public:
  struct Callbacks {
    std::function<link::QueueReport()> report;
    std::function<void(link::Role, os::Fd)> new_neighbour;
    std::function<void(bool on)> drain, pause;
    std::function<void()> gone;
  };
  static constexpr Duration kBetweenReports{250};

  // `socket` is empty where there is no supervisor.
  SupervisorLink(net::Loop& loop, os::Fd socket, Callbacks callbacks);

  // A supervisor is there, who replaces a neighbour that is lost.
  bool is_there() const { return link_ != nullptr; }
  // What the report tells may have changed.
  void changed();
  void lost(const link::NeighbourLost& loss);
  void drained();

 private:
  bool receive(const link::Frame& frame);
  void tell();

  net::Loop& loop_;
  Callbacks callbacks_;
  std::unique_ptr<ipc::Link> link_;
  net::Timer timer_;
  MonoTime not_before_{};
  std::optional<link::QueueReport> told_;
};

}  // namespace sluice::scheduler
