// A fleet of queues on a simulated clock: how often its count changes, how soon it grows and how soon it is back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "core/supervise/recorded_load_for_tests.h"
#include "core/supervise/scaling.h"

namespace sluice::supervise {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Action = Decision::Action;

constexpr Duration kStep = milliseconds(250);
constexpr std::uint32_t kSlots = 20;
constexpr Duration kComesUp = seconds(1);
constexpr Duration kEmpties = seconds(3);

struct Change {
  Duration when;
  Action action;
  unsigned count;  // after it
};

// Offered load, in queues: 1.5 keeps one queue and a half busy all the time.
using Curve = std::function<double(Duration)>;

// Clients spread the load evenly over the queues in use; what a queue cannot take waits there.
class Fleet {
 public:
  explicit Fleet(const ScalingLimits& limits, unsigned count = 1)
      : scaling_(limits), states_(count, PlaceState::kWorking), since_(count), count_(count) {}

  void run(const Curve& curve, Duration length) {
    for (const Duration end = now_ + length; now_ < end; now_ += kStep) step(curve(now_));
  }
  // Every report goes through it before it is told.
  std::function<QueueSample(std::size_t, QueueSample)> distort = nullptr;
  // Queues whose first report never comes.
  std::function<bool(std::size_t)> silent = nullptr;

  unsigned count() const { return count_; }
  Duration now() const { return now_; }
  const std::vector<Change>& changes() const { return changes_; }
  std::size_t reversals() const {
    std::size_t found = 0;
    for (std::size_t i = 1; i < changes_.size(); ++i)
      found += (changes_[i].action == Action::kDrain) != (changes_[i - 1].action == Action::kDrain);
    return found;
  }
  Scaling& scaling() { return scaling_; }
  MonoTime time() const { return MonoTime{hours(5)} + now_; }

 private:
  void step(double load) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_[i] == PlaceState::kStarting && now_ - since_[i] >= kComesUp) states_[i] = PlaceState::kWorking;
      if (states_[i] == PlaceState::kDraining && now_ - since_[i] >= kEmpties) {
        states_[i] = PlaceState::kAbsent;
        scaling_.forget(i);
      }
    }
    const auto working = std::count(states_.begin(), states_.begin() + count_, PlaceState::kWorking);
    for (std::size_t i = 0; i < count_; ++i) {
      if (states_[i] != PlaceState::kWorking || (silent && silent(i))) continue;
      const auto jobs = static_cast<std::uint32_t>(std::lround(load * kSlots / static_cast<double>(working)));
      QueueSample sample;
      sample.local.limit = sample.lmtp.limit = 10;
      sample.remote = {std::min(jobs, kSlots), kSlots, jobs - std::min(jobs, kSlots)};
      if (distort) sample = distort(i, sample);
      scaling_.report(i, sample, time());
    }
    carry_out(scaling_.decide(states_, count_, time()));
  }

  void carry_out(const Decision& decision) {
    if (decision.action == Action::kKeep) return;
    const bool up = decision.action != Action::kDrain;
    ASSERT_GE(decision.by, 1u);
    if (up) {
      ASSERT_LE(count_ + decision.by, scaling_.limits().ceiling);
    } else {
      ASSERT_GE(count_ - decision.by, scaling_.limits().floor);
    }
    for (unsigned i = 0; i < decision.by; ++i) {
      const std::size_t place = up ? count_++ : --count_;
      if (place >= states_.size()) states_.resize(place + 1), since_.resize(place + 1);
      if (up)
        states_[place] = states_[place] == PlaceState::kDraining ? PlaceState::kWorking : PlaceState::kStarting;
      else
        states_[place] = PlaceState::kDraining;
      since_[place] = now_;
    }
    changes_.push_back({now_, decision.action, count_});
  }

  Scaling scaling_;
  std::vector<PlaceState> states_;
  std::vector<Duration> since_;
  unsigned count_;
  Duration now_{0};
  std::vector<Change> changes_;
};

Curve constant(double load) {
  return [load](Duration) { return load; };
}
Curve square(Duration period, double low, double high) {
  return [=](Duration t) { return t % period < period / 2 ? high : low; };
}

TEST(ScalingSimulation, ConstantLoadIsReachedOnceAndKept) {
  for (const double load : {0.1, 0.5, 0.85, 0.95, 1.7, 2.5, 6.0, 13.0}) {
    Fleet fleet({});
    fleet.run(constant(load), hours(2));
    EXPECT_EQ(fleet.reversals(), 0u) << load;
    EXPECT_LE(fleet.changes().size(), 7u) << load;
    EXPECT_GT(fleet.count() * 0.96, load);
    EXPECT_LT(fleet.count(), 2 * load + 2) << load;
  }
}

TEST(ScalingSimulation, StepIsAnsweredWithinFiveSecondsFromAnyCount) {
  for (const unsigned count : {1u, 2u, 5u, 12u}) {
    Fleet fleet({}, count);
    fleet.run(constant(0.55 * count), seconds(90));
    ASSERT_EQ(fleet.count(), count);
    fleet.run(constant(3.0 * count), seconds(5));
    EXPECT_GT(fleet.count(), count);
  }
}

TEST(ScalingSimulation, StepFromIdleToFarTooMuchReachesTheCeilingWithinThirtySeconds) {
  Fleet fleet({});
  fleet.run(constant(0), minutes(3));
  fleet.run(constant(1'000), seconds(30));
  EXPECT_EQ(fleet.count(), 20u);
}

TEST(ScalingSimulation, IdleFleetIsBackAtItsFloorWithinFiveMinutes) {
  for (const unsigned count : {2u, 8u, 20u}) {
    Fleet fleet({}, count);
    fleet.run(constant(0.8 * count), minutes(10));
    ASSERT_EQ(fleet.count(), count);
    fleet.run(constant(0), minutes(4));
    EXPECT_EQ(fleet.count(), 1u);
  }
}

TEST(ScalingSimulation, FleetThatHadReasonToRegretIsBackWithinFiveMinutesToo) {
  Fleet fleet({});
  fleet.run(square(minutes(4), 0, 1'000), minutes(62));
  ASSERT_EQ(fleet.count(), 20u);
  fleet.run(constant(0), minutes(5));
  EXPECT_EQ(fleet.count(), 1u);
}

TEST(ScalingSimulation, SquareWavesOfAnyPeriodCostAtMostAReversalAMinute) {
  for (Duration period = milliseconds(500); period < minutes(20); period += period / 5) {
    for (const auto& [low, high] :
         std::vector<std::pair<double, double>>{{0.85, 0.95}, {0.5, 1.5}, {0, 1}, {0, 50}, {2, 3}}) {
      Fleet fleet({});
      fleet.run(square(period, low, high), hours(2));
      EXPECT_LE(fleet.reversals(), 2 * 60u) << period.count() << " ms, " << low << " to " << high;
      if (period < minutes(1)) {
        EXPECT_EQ(fleet.reversals(), 0u) << period.count() << " ms, " << low << " to " << high;
      }
      for (std::size_t i = 1; i < fleet.changes().size(); ++i) {
        const Change &earlier = fleet.changes()[i - 1], &later = fleet.changes()[i];
        if (earlier.action == Action::kDrain) continue;  // load that comes back is answered at once
        EXPECT_GE(later.when - earlier.when, later.action == Action::kDrain ? seconds(60) : seconds(3));
      }
    }
  }
}

TEST(ScalingSimulation, RampUpAndDownTurnsOnce) {
  Fleet fleet({});
  const Curve ramp = [](Duration t) {
    const double way = static_cast<double>(t.count()) / static_cast<double>(Duration(hours(1)).count());
    return 10 * (way < 1 ? way : std::max(0.0, 2 - way));
  };
  fleet.run(ramp, hours(2) + minutes(5));
  EXPECT_EQ(fleet.count(), 1u);
  EXPECT_EQ(fleet.reversals(), 1u);
  EXPECT_LE(fleet.changes().size(), 40u);
}

TEST(ScalingSimulation, DayOfMailLooksCalm) {
  // Of no one machine, but shaped as mail is: a night, a morning, noon, newsletters on the hour; noise on top.
  std::mt19937 chance(7);
  std::lognormal_distribution<double> noise(0, 0.35);
  const Curve day = [&](Duration t) {
    const double hour = static_cast<double>(t.count()) / 3'600'000.0;
    const double people = hour < 6 ? 0.2 : 2.5 * std::sin((hour - 6) / 18 * 3.14159) + 0.2;
    const bool newsletter = hour > 8 && std::fmod(hour, 1.0) < 0.1;
    return (people + (newsletter ? 3 : 0)) * noise(chance);
  };
  Fleet fleet({});
  fleet.run(day, hours(24));
  EXPECT_LE(fleet.reversals(), 60u);
  EXPECT_LE(fleet.changes().size(), 160u);
}

TEST(ScalingSimulation, RecordedBurstsAreFollowedWithoutFlapping) {
  Fleet fleet({});
  fleet.run([](Duration t) { return recorded_load(t); }, minutes(10));
  // Dozens of bursts: one way up, one way down.
  EXPECT_EQ(fleet.reversals(), 1u);
  EXPECT_EQ(fleet.count(), 1u);
  // Again and again, with the calm at its end in between: each time up once and down once at most.
  Fleet busy({});
  constexpr unsigned kRounds = 50;
  busy.run([](Duration t) { return recorded_load(t % kRecordedLength); }, kRounds * kRecordedLength);
  EXPECT_LE(busy.reversals(), 2 * kRounds);
}

TEST(ScalingSimulation, NoiseAroundTheThresholdDoesNotMakeItFlap) {
  for (const double middle : {0.5, 0.7, 0.9, 1.1, 1.8, 2.7}) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      std::mt19937 chance(seed);
      std::uniform_real_distribution<double> noise(0.3, 1.7);
      Fleet fleet({});
      fleet.run([&](Duration) { return middle * noise(chance); }, hours(2));
      EXPECT_EQ(fleet.reversals(), 0u) << middle << ", seed " << seed;
    }
  }
}

TEST(ScalingSimulation, SpikesOfASecondChangeNothing) {
  Fleet fleet({}, 1);
  fleet.run([](Duration t) { return t % seconds(20) < seconds(1) ? 40.0 : 0.3; }, hours(1));
  EXPECT_TRUE(fleet.changes().empty());
}

TEST(ScalingSimulation, SilentQueuesCountAsIdleAndAreGivenUp) {
  Fleet fleet({}, 6);
  fleet.silent = [](std::size_t place) { return place >= 2; };
  fleet.run(constant(3.0), minutes(10));
  EXPECT_EQ(fleet.reversals(), 0u);
  EXPECT_LT(fleet.count(), 6u);
}

TEST(ScalingSimulation, ReportsThatLieStayWithinTheBounds) {
  std::mt19937 chance(3);
  Fleet fleet({.floor = 2, .ceiling = 9}, 2);
  fleet.distort = [&](std::size_t, QueueSample) {
    const auto any = [&] { return chance() % 3 == 0 ? static_cast<std::uint32_t>(chance()) : 0u; };
    return QueueSample{{any(), any(), any()}, {any(), any(), any()}, {any(), any(), any()}};
  };
  for (int i = 0; i < 3'600; ++i) {
    fleet.scaling().report(chance() % 40, chance(), fleet.time());
    fleet.run(constant(1), seconds(1));
  }
  EXPECT_GE(fleet.count(), 2u);
  EXPECT_LE(fleet.count(), 9u);
  EXPECT_LE(fleet.reversals(), 60u);
}

TEST(ScalingSimulation, ReporterOfFullLoadMakesOneQueueMoreAMessageAndNotAll) {
  Fleet fleet({});
  for (int i = 0; i < 30; ++i) {  // setqload -q 1 200, every minute
    fleet.scaling().report(0, 200, fleet.time());
    fleet.run(constant(0.2), minutes(1));
  }
  EXPECT_EQ(fleet.count(), 2u);
  fleet.run(constant(0.2), minutes(10));
  EXPECT_EQ(fleet.count(), 1u);
}

}  // namespace
}  // namespace sluice::supervise
