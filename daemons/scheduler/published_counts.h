// PublishedCounts: what a dynamic queue lets everybody see of itself, in shared memory (core/link/queue_counts.h):
// deliveries in flight and limits, local and remote, as the status line has them. Clients choose a queue by it.
//
// The fifth field, flag, is for others to write and survives us. At a regular end the object is removed, so that no
// client takes the counts of a queue that has gone for those of an idle one.
#pragma once

#include <optional>
#include <string>

#include "core/link/queue_counts.h"
#include "system/ipc/shared_counts.h"
#include "use_of_remote.h"

namespace sluice::scheduler {

class PublishedCounts {
 public:
  // name: of the object, with its slash. Makes it if it is not there. What goes wrong is said once, on standard error:
  // the queue works without it.
  explicit PublishedCounts(std::string name);

  // Whether the object is there now. While it is not, somebody should ask now and then, and put() what is so then.
  bool try_again();

  // Writes what has changed since the last call; one small write, or none. Makes an object anew that was taken away.
  void put(const Use& local, const Use& remote);
  void remove();

 private:
  std::string make();

  std::string name_;
  std::optional<ipc::SharedCounts> shared_;
  std::optional<link::QueueCounts> last_;
};

}  // namespace sluice::scheduler
