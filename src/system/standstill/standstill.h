// Standstill: a queue of which no daemon runs, and none can start for as long as this lives: it holds lock/sendmutex as
// a qmail-send of any family would, and the locks of the journal and the state log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/store/disk.h"
#include "system/store/layout.h"

namespace sluice::standstill {

class Standstill {
 public:
  // `disk` must be able to lock files (posix_disk, AnchoredDisk). Fails with code EWOULDBLOCK if the queue is in use.
  // Directories that are not there need not be held.
  static Result<Standstill, store::Trouble> hold(store::Disk& disk, const std::string& queue);

 private:
  std::vector<std::unique_ptr<store::File>> held_;
};

}  // namespace sluice::standstill
