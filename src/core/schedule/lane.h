// Lane: everything about one destination of one channel. The rules live in Health, TokenBucket, Flows and ChannelSlots;
// LaneBoard moves lanes between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/schedule/flows.h"
#include "core/schedule/health.h"
#include "core/schedule/lane_key.h"
#include "core/schedule/policy.h"
#include "core/schedule/records.h"
#include "core/schedule/shared_limits.h"

namespace sluice::schedule {

// Where a lane stands at the limit that all queues of the instance share (SharedLimits).
enum class SharedTurn : std::uint8_t {
  kNone,
  kParked,  // the limit is reached: it waits to be called
  kCalled,  // in line for its channel's slots, and a slot of the limit may be reserved for it
};

struct Lane {
  std::string destination;
  Channel channel = Channel::kRemote;
  Reason reason = Reason::kNone;           // why its ready jobs wait; kNone: it has none
  Standing standing = Standing::kUnknown;  // as counted in its channel's slots
  bool suspended = false;
  LaneHold hold = LaneHold::kNone;
  bool shut = false;              // as is_shut() said last, of ready jobs
  bool parking = false;           // more of its ready jobs are to wait for a queue run
  bool queued = false;            // in the queue for its channel's slots
  std::uint32_t queued_with = 0;  // its in_flight when it was queued
  std::uint64_t queued_as = 0;    // ascending: who was first
  Links turn;                     // in that queue
  Index timer = kNowhere;         // position in the heap of lanes' timers
  MonoTime timer_at{};
  std::uint32_t jobs = 0;       // in any state
  std::uint32_t ready = 0;      // of these, waiting in `round`
  std::uint32_t in_flight = 0;  // attempts
  std::uint32_t overdue = 0;    // ready jobs of messages past their lifetime
  std::uint32_t limit = 0;      // most attempts in flight
  bool shared = false;          // the limit is that of all queues together
  SharedTurn shared_turn = SharedTurn::kNone;
  bool called_before = false;                    // kCalled: at the last look too
  std::uint32_t counted = 0;                     // attempts in flight that were taken from the shared limit
  SharedLimits::Row row = SharedLimits::kNoRow;  // there
  Links shared_line;                             // of lanes whose shared_turn is not kNone
  Rate rate;
  TokenBucket bucket;
  Health health;
  LaneRound round;

  LaneKey key() const { return {channel, destination}; }
  // Nothing of it goes before somebody, or a time of back-off, opens it.
  bool is_shut() const {
    return reason == Reason::kSuspension || reason == Reason::kChannelHold ||
           (reason == Reason::kLaneBackoff && !health.probing());
  }
};
using Lanes = Slab<Lane>;

}  // namespace sluice::schedule
