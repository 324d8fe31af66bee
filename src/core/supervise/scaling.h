// How many queues an instance uses, decided from their load. Pure: the supervisor tells it what the queues report and
// when, asks once in a while, and carries out what it answers.
//
// Queues stand in places 0, 1, 2 ...: the first `count` are in use, that is offered to clients; those behind are
// draining, retired or were never made. Growth takes the next place, shrinking gives up the last.
//
// The load of a queue in one channel is in_flight / limit, at most 1, and 1 while something waits for a slot; a channel
// with limit 0 holds its mail and has no load. It is smoothed over seconds, queue by queue. Averages are over those
// queues in use that work or are about to: a queue that cannot start adds neither load nor capacity.
//
//   grows    when the average of one channel reaches the threshold, or when loads that somebody reported (0 to 200,
//            local and remote together) add up to more than 2 * queues * threshold. As many as the waiting mail asks
//            for, but at most twice as many as before, four at a time, and not again before that had time to show.
//   shrinks  when fewer queues would carry the load well below the threshold, and have for a whole minute; half of what
//            is too much at a time. So growth is never taken back at once, and load that comes and goes costs at most
//            one change in each direction a minute; when growth follows a shrinking soon, twice that.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sluice::supervise {

struct ScalingLimits {
  unsigned floor = 1, ceiling = 20;
  unsigned threshold = 90;  // percent of one channel, 1 to 100
  bool keep_count = false;  // -n: decides nothing
};

struct ScalingTimes {
  Duration smoothing{1'500};        // time constant; a step to full load shows 90 % after 3.5 s
  Duration between_growths{3'000};  // what was added gets its share of the load first
  Duration calm{60'000};            // of low load before the first queue is given up
  Duration regretful_calm{120'000};
  Duration regret_fades{600'000};
  Duration between_drains{25'000};
  Duration reports_count{90'000};  // loads reported by message; qmonitor repeats them every 60 s
};

struct ChannelSample {
  std::uint32_t in_flight = 0, limit = 0, waiting = 0;
};
struct QueueSample {
  ChannelSample local, remote, lmtp;
};

enum class PlaceState : std::uint8_t {
  kAbsent,    // retired, or never made
  kStarting,  // on its way; counts as a queue without load
  kWorking,
  kUnusable,  // cannot start
  kPaused,    // must not deliver
  kDraining,  // takes no new messages and ends when it is empty
};

enum class Channel : std::uint8_t { kLocal, kRemote, kLmtp };
std::string_view to_string(Channel channel);

struct Decision {
  enum class Action : std::uint8_t {
    kKeep,
    kGrow,      // use the next `by` places
    kTakeBack,  // the next `by` places, all of which are draining
    kDrain,     // give up the last `by` places
  };
  enum class Cause : std::uint8_t { kNone, kLoad, kMessage, kCeiling };
  Action action = Action::kKeep;
  unsigned by = 0;
  Cause cause = Cause::kNone;  // of growth; kKeep with kCeiling: it would grow but may not
  // The figures that it was made with.
  double load = 0;                    // percent: average of the busiest channel; kMessage: half of local and remote
  Channel channel = Channel::kLocal;  // the busiest
  unsigned count = 0, working = 0;    // queues in use; of these, those that the average is over
  unsigned needed = 0;                // so many would carry the load well
  std::uint64_t waiting = 0;          // jobs for a slot of the busiest channel, in all queues in use
};

class Scaling {
 public:
  explicit Scaling(const ScalingLimits& limits, const ScalingTimes& times = {}) : limits_(limits), times_(times) {}

  void set_limits(const ScalingLimits& limits) { limits_ = limits; }
  const ScalingLimits& limits() const { return limits_; }

  // The queue in this place does so from now on, until it says something else or is forgotten.
  void report(std::size_t place, const QueueSample& sample, MonoTime now);
  // Somebody says that its load is so, 0 to 200; more counts as 200.
  void report(std::size_t place, std::uint64_t load, MonoTime now);
  void forget(std::size_t place);  // another queue begins there, or none

  // What to do now; `states` of all places that there are, `count` of them in use. The caller carries it out at once:
  // the next call expects that.
  Decision decide(std::span<const PlaceState> states, unsigned count, MonoTime now);

  // Percent, 0 to 200, local and remote together, as IndiMail counts: for log lines and listings.
  double load_of(std::size_t place, MonoTime now) const;
  // Percent of the busiest channel, averaged over the queues that work.
  double average(std::span<const PlaceState> states, unsigned count, MonoTime now) const;

 private:
  struct Smoothed {
    double held = 0;      // as it was reported last
    double smoothed = 0;  // at the time of that report
    double at(double decay) const { return held + (smoothed - held) * decay; }
  };
  struct Place {
    Smoothed load[3];
    ChannelSample last[3];
    MonoTime since{};
    std::optional<std::uint64_t> told;
    MonoTime told_at{};
  };
  struct Sums;

  Place& place(std::size_t index);
  double decay(const Place& place, MonoTime now) const;
  std::optional<std::uint64_t> told(const Place& place, MonoTime now) const;
  Sums sums(std::span<const PlaceState> states, unsigned count, MonoTime now) const;
  unsigned needed(const Sums& sums, std::span<const PlaceState> states, unsigned count) const;
  bool grow(const Sums& sums, std::span<const PlaceState> states, MonoTime now, Decision& decision);
  bool shrink(MonoTime now, Decision& decision);
  Duration calm(MonoTime now) const;

  ScalingLimits limits_;
  ScalingTimes times_;
  std::vector<Place> places_;
  std::optional<MonoTime> grown_at_, drained_at_, regretted_at_;
  std::optional<MonoTime> calm_since_;  // fewer queues would do since then
  unsigned peak_ = 0;                   // and so many were needed at most, since then or since the last drain
};

}  // namespace sluice::supervise
