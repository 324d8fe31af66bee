// SharedLimits: the limit of attempts to one destination that holds over all queues of an instance, as one queue's
// scheduler sees it. LaneBoard asks; LimitColumn answers from a table that the queues share (limit_table.h). It never
// blocks, and no answer depends on another queue being alive.
//
// A lane has a row of the table from its first take() until leave(). take() gives a slot or remembers that this queue
// waits there. A queue that waits is told once, by the number of the row, when a slot was reserved for it; then it
// calls take() again, or stop_waiting() if it has no use for the slot now, which hands it on. What is told may get
// lost: while anything waits, heal() and may_take() are asked once a second.
#pragma once

#include <cstdint>
#include <vector>

#include "core/schedule/lane_key.h"

namespace sluice::schedule {

class SharedLimits {
 public:
  using Row = std::uint32_t;
  static constexpr Row kNoRow = 0xFFFFFFFF;

  enum class Answer : std::uint8_t {
    kTaken,      // to be given back
    kFull,       // the limit is reached, and this queue waits (without a row: the table was busy, ask in a second)
    kUncounted,  // no room in the table: the attempt may start and is not counted
  };

  virtual ~SharedLimits() = default;

  // One more attempt of this lane, if all queues together have fewer than `limit`. Gives the lane a row if it has none.
  virtual Answer take(Row& row, LaneKey lane, std::uint32_t limit) = 0;
  // An attempt that was taken ended. If another queue waits, and the limit leaves it one, the slot is reserved for it.
  virtual void give_back(Row row, std::uint32_t limit) = 0;
  // Whether take() would succeed now.
  virtual bool may_take(Row row, std::uint32_t limit) const = 0;
  // This queue waits no longer, and hands on what was reserved for it. Any number will do: it may come from outside.
  virtual void stop_waiting(Row row) = 0;
  // The lane holds nothing and does not wait; its row is free for others.
  virtual void leave(Row row) = 0;
  // Takes back what queues hold that are no more.
  virtual void heal() = 0;

  struct Holder {
    std::uint32_t queue = 0;  // its number
    std::uint32_t attempts = 0;
  };
  // Who has attempts in flight there, this queue included.
  virtual std::vector<Holder> holders(Row row) const = 0;
};

}  // namespace sluice::schedule
