// Which queues an instance runs, as a value. Static: QUEUE_START, QUEUE_COUNT and QUEUE_BASE say it all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::supervise {

struct QueueSpec {
  unsigned number = 0;    // the N of queueN; QIDENT
  std::string directory;  // QUEUE_BASE/queueN; QUEUEDIR
  friend bool operator==(const QueueSpec&, const QueueSpec&) = default;
};

enum class QueueSetError {
  kNoQueues,  // QUEUE_COUNT is 0
  kStart,     // QUEUE_START is 0: numbers begin with 1
  kTooMany,   // the last number would be above 1023, the greatest that a message id can hold
  kNoBase,    // QUEUE_BASE is empty
};
std::string_view to_string(QueueSetError error);

// queue_start, queue_start+1 ... queue_start+queue_count-1.
Result<std::vector<QueueSpec>, QueueSetError> static_queues(std::string_view queue_base, std::uint64_t queue_start,
                                                            std::uint64_t queue_count);

}  // namespace sluice::supervise
