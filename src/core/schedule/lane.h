// Lane: everything about one destination of one channel. The rules live in Health, TokenBucket, Flows and ChannelSlots;
// LaneBoard moves lanes between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/schedule/flows.h"
#include "core/schedule/health.h"
#include "core/schedule/policy.h"
#include "core/schedule/records.h"

namespace sluice::schedule {

// What a lane is called. `destination` is what the caller made of the recipient: a domain, a route, a local address.
struct LaneKey {
  Channel channel = Channel::kRemote;
  std::string_view destination;
  friend bool operator==(const LaneKey&, const LaneKey&) = default;
};

struct Lane {
  std::string destination;
  Channel channel = Channel::kRemote;
  Reason reason = Reason::kNone;           // why its ready jobs wait; kNone: it has none
  Standing standing = Standing::kUnknown;  // as counted in its channel's slots
  bool suspended = false;
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
  Rate rate;
  TokenBucket bucket;
  Health health;
  LaneRound round;

  LaneKey key() const { return {channel, destination}; }
};
using Lanes = Slab<Lane>;

}  // namespace sluice::schedule
