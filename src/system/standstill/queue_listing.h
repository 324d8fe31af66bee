// The listing of a queue, whether its daemons run or not: from its qmail-send, or, when nobody listens at its control
// socket, from its files. For commands; neither way locks or changes anything.
//
// Files are read by a child process, which hands the answers over as the daemon would. When root asks, the child is
// first the user of the queue's qmail-send, so that nothing that another user could have written is parsed with root's
// rights; what comes from it is as hostile as what comes from a socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "system/ipc/control.h"
#include "system/observe/queues.h"
#include "system/standstill/stopped_listing.h"

namespace sluice::standstill {

class QueueListing {
 public:
  // `orders` without directory and name: they are those of `queue`.
  //   errors  as ipc::Asking::begin(), or why there can be no child
  static Result<QueueListing, std::string> begin(const observe::Queue& queue, ListingOrders orders);
  ~QueueListing();
  QueueListing(QueueListing&& other) noexcept;
  QueueListing& operator=(QueueListing&&) = delete;

  // As ipc::Asking::take(): the count first. A child that reads a stopped queue is waited for without limit.
  Result<bool, std::string> take(const std::function<void(Octets json)>& each) { return asking_.take(each); }

 private:
  QueueListing(ipc::Asking asking, pid_t reader) : asking_(std::move(asking)), reader_(reader) {}
  static Result<QueueListing, std::string> read(ListingOrders orders);

  ipc::Asking asking_;
  pid_t reader_ = 0;  // the child; 0: the daemon answers
};

}  // namespace sluice::standstill
