// Policy: the settings of the scheduler, as one value that may be replaced while it runs. Any value is accepted: what
// cannot be meant (a floor above its limit, a weight of 0) is bounded where it is used.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/queue/admitted.h"
#include "core/schedule/backoff.h"
#include "core/schedule/token_bucket.h"
#include "core/schedule/window.h"

namespace sluice::schedule {

using queue::Channel;
inline constexpr std::size_t kChannels = 3;
constexpr std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

struct ChannelPolicy {
  std::uint32_t limit = 20;       // attempts in flight over all lanes (concurrencylocal, concurrencyremote); 0: none
  WindowBounds window;            // attempts in flight in one lane
  std::uint32_t lane_share = 3;   // see ChannelSlots; 0: one lane may take every slot
  std::uint32_t retry_skip = 20;  // of the quadratic schedule
  Rate rate;                      // attempts started in one lane
  bool shared = false;            // a lane's limit is that of all queues of the instance together (SharedLimits)
};

// What one destination has instead of its channel's values.
struct LaneRule {
  Channel channel = Channel::kRemote;
  std::string destination;
  std::optional<std::uint32_t> limit;
  std::optional<Rate> rate;
};

struct FlowWeight {
  std::string flow;
  std::uint32_t weight = 1;  // slots a turn
};

struct Policy {
  static constexpr ChannelPolicy local() { return {10, {1, 5, 10}, 3, 10, {}, false}; }
  static constexpr ChannelPolicy remote() { return {20, {1, 5, 20}, 3, 20, {}, true}; }

  std::array<ChannelPolicy, kChannels> channels{local(), remote(), remote()};
  std::uint32_t recipients_per_attempt = 100;
  Duration queue_lifetime = std::chrono::hours{24 * 7};
  Duration bounce_lifetime = std::chrono::hours{24 * 7};  // of messages with the null sender
  Duration warn_after = Duration::zero();                 // senders hear that a message is late; zero: never
  BackoffBounds backoff;
  std::vector<LaneRule> lane_rules;
  std::vector<FlowWeight> flow_weights;

  const ChannelPolicy& of(Channel channel) const { return channels[index_of(channel)]; }
  ChannelPolicy& of(Channel channel) { return channels[index_of(channel)]; }
  Duration lifetime(bool null_sender) const {
    return std::clamp<Duration>(null_sender ? bounce_lifetime : queue_lifetime, Duration::zero(), kLongest);
  }
  // None: nobody is warned. Nor are those whose message fails before.
  std::optional<Duration> warning() const {
    if (warn_after <= Duration::zero() || warn_after >= lifetime(false)) return std::nullopt;
    return warn_after;
  }
  static constexpr Duration kLongest = std::chrono::hours{24 * 36500};  // keeps arithmetic on times in range
};

}  // namespace sluice::schedule
