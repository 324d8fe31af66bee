// Which queues an instance runs, as values. Static: QUEUE_START, QUEUE_COUNT and QUEUE_BASE say it all. Dynamic: their
// number moves between two bounds (scaling.h says how).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
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

// The queue of this number.
QueueSpec queue_at(std::string_view queue_base, unsigned number);

// The number in the name of a queue's directory: 7 of "queue7". Nothing: it is no such name, or beyond 1023.
std::optional<unsigned> number_of_queue(std::string_view name);

struct CountBounds {
  unsigned floor = 1, ceiling = 1;
  unsigned hold(unsigned count) const { return std::clamp(count, floor, ceiling); }
};
// QUEUE_COUNT to QUEUE_MAX. QUEUE_COUNT counts where it is greater; no number is above 1023.
CountBounds dynamic_bounds(unsigned queue_start, unsigned queue_count, unsigned queue_max);

// queue_start, queue_start+1 ... queue_start+queue_count-1.
Result<std::vector<QueueSpec>, QueueSetError> static_queues(std::string_view queue_base, std::uint64_t queue_start,
                                                            std::uint64_t queue_count);

}  // namespace sluice::supervise
