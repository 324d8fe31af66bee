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
#include "core/mail/envelope.h"
#include "core/queue/admitted.h"
#include "core/schedule/backoff.h"
#include "core/schedule/priority.h"
#include "core/schedule/token_bucket.h"
#include "core/schedule/window.h"

namespace sluice::schedule {

using queue::Channel;
inline constexpr std::size_t kChannels = 4;
constexpr std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

// When what was deferred is tried again.
enum class Retry : std::uint8_t {
  kBackoff,  // at times of its own (retry_curve.h)
  kRuns,     // when a queue run selects it
};

// Expensive destinations: their mail is not tried as it comes.
enum class LaneHold : std::uint8_t {
  kNone,
  kUntilRun,           // only a queue run tries it (sendmail: HoldExpensive and a mailer with F=e)
  kUntilSelectiveRun,  // only one that asks for single messages (F=%)
};

struct ChannelPolicy {
  std::uint32_t limit = 20;       // attempts in flight over all lanes (concurrencylocal, concurrencyremote); 0: none
  WindowBounds window;            // attempts in flight in one lane
  std::uint32_t lane_share = 3;   // see ChannelSlots; 0: one lane may take every slot
  std::uint32_t retry_skip = 20;  // of the quadratic schedule
  Rate rate;                      // attempts started in one lane
  bool shared = false;            // a lane's limit is that of all queues of the instance together (SharedLimits)
  LaneHold hold = LaneHold::kNone;
};

// What one destination has instead of its channel's values.
struct LaneRule {
  Channel channel = Channel::kRemote;
  std::string destination;
  std::optional<std::uint32_t> limit;
  std::optional<Rate> rate;
  std::optional<LaneHold> hold{};
};

struct FlowWeight {
  std::string flow;
  std::uint32_t weight = 1;  // slots a turn
};

// How long delivery of a message is tried.
struct Lifetime {
  Duration end = std::chrono::hours{24 * 7};
  Duration warning = Duration::zero();  // senders hear that a message is late; zero: never
};

// What a message's lifetime depends on: its urgency, or that it is a report (null sender; sendmail's "dsn").
enum class Terms : std::uint8_t { kNormal = 0, kUrgent = 1, kNonUrgent = 2, kReport = 3 };
inline constexpr std::size_t kTerms = 4;
constexpr Terms terms_of(mail::Urgency urgency, bool null_sender) {
  return null_sender ? Terms::kReport : static_cast<Terms>(urgency);
}

// How young an attempt may be for a run to pass over what it tried.
struct RetryAges {
  Duration minimum = Duration::zero();  // MinQueueAge: since the last attempt
  // MaxQueueAge, zero: none. Attempts lie further and further apart: as far as the last one lay from the message's
  // arrival, at most this.
  Duration maximum = Duration::zero();
};

struct Policy {
  static constexpr ChannelPolicy local() { return {10, {1, 5, 10}, 3, 10, {}, false, LaneHold::kNone}; }
  static constexpr ChannelPolicy remote() { return {20, {1, 5, 20}, 3, 20, {}, true, LaneHold::kNone}; }

  // Handing over to another queue group takes milliseconds, and the group's queues share one lane.
  static constexpr ChannelPolicy group() { return {20, {1, 5, 20}, 0, 10, {}, false, LaneHold::kNone}; }

  std::array<ChannelPolicy, kChannels> channels{local(), remote(), remote(), group()};
  std::uint32_t recipients_per_attempt = 100;  // not of kGroup: there all go at once
  std::array<Lifetime, kTerms> lifetimes;      // by Terms
  Retry retry = Retry::kBackoff;
  RetryAges ages;                     // of runs that name none
  PriorityFactors factors;            // what an attempt adds to a message's number (LoadGate)
  std::optional<LoadGate> load_gate;  // nullopt: the load does not matter
  BackoffBounds backoff;
  std::vector<LaneRule> lane_rules;
  std::vector<FlowWeight> flow_weights;

  const ChannelPolicy& of(Channel channel) const { return channels[index_of(channel)]; }
  ChannelPolicy& of(Channel channel) { return channels[index_of(channel)]; }
  Lifetime& of(Terms terms) { return lifetimes[static_cast<std::size_t>(terms)]; }
  const Lifetime& of(Terms terms) const { return lifetimes[static_cast<std::size_t>(terms)]; }
  // The same for all, reports included.
  void set_lifetimes(Duration end, Duration warning = Duration::zero()) { lifetimes.fill({end, warning}); }

  Duration lifetime(Terms terms) const { return std::clamp<Duration>(of(terms).end, Duration::zero(), kLongest); }
  // None: nobody is warned. Nor are those whose message fails before, nor whoever gets reports back.
  std::optional<Duration> warning(Terms terms) const {
    const Duration after = of(terms).warning;
    if (terms == Terms::kReport || after <= Duration::zero() || after >= lifetime(terms)) return std::nullopt;
    return after;
  }
  static constexpr Duration kLongest = std::chrono::hours{24 * 36500};  // keeps arithmetic on times in range
};

}  // namespace sluice::schedule
