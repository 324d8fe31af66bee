// PausedQueues: which queues are paused, kept in the file system so that it outlives qscheduler: an empty file of the
// queue's name in run/paused (docs/formats.md).
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::supervisor {

class PausedQueues {
 public:
  explicit PausedQueues(const std::string& run_directory) : directory_(run_directory + "/paused") {}

  bool contains(const std::string& queue) const;
  // The error is a sentence; nothing has changed then.
  Result<void, std::string> set(const std::string& queue, bool paused) const;

 private:
  std::string directory_;
};

}  // namespace sluice::supervisor
