#include "core/supervise/scaling.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::supervise {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Action = Decision::Action;
using Cause = Decision::Cause;

constexpr MonoTime kStart{std::chrono::hours(1)};
MonoTime at(Duration since) { return kStart + since; }

QueueSample local(std::uint32_t in_flight, std::uint32_t limit, std::uint32_t waiting = 0) {
  return {.local = {in_flight, limit, waiting}, .remote = {0, 20, 0}, .lmtp = {0, 10, 0}};
}
QueueSample remote(std::uint32_t in_flight, std::uint32_t limit, std::uint32_t waiting = 0) {
  return {.local = {0, 10, 0}, .remote = {in_flight, limit, waiting}, .lmtp = {0, 10, 0}};
}

// Asks every quarter of a second until it decides something, or for that long.
Decision ask(Scaling& scaling, std::span<const PlaceState> states, unsigned count, Duration from, Duration to) {
  Decision decision;
  for (Duration t = from; t <= to; t += milliseconds(250)) {
    decision = scaling.decide(states, count, at(t));
    if (decision.action != Action::kKeep) return decision;
  }
  return decision;
}

constexpr std::array kOne{PlaceState::kWorking};
constexpr std::array kTwo{PlaceState::kWorking, PlaceState::kWorking};

TEST(Scaling, KeepsOneIdleQueue) {
  Scaling scaling({});
  const auto decision = ask(scaling, kOne, 1, seconds(0), minutes(10));
  EXPECT_EQ(decision.action, Action::kKeep);
  EXPECT_EQ(decision.needed, 1u);
}

TEST(Scaling, GrowsWithinFiveSecondsOfAStepInEitherChannel) {
  for (const auto& sample : {local(10, 10, 3), remote(20, 20, 3)}) {
    Scaling scaling({});
    scaling.report(0, sample, at(seconds(1)));
    const auto decision = ask(scaling, kOne, 1, seconds(1), milliseconds(5'500));
    EXPECT_EQ(decision.action, Action::kGrow);
    EXPECT_EQ(decision.cause, Cause::kLoad);
    EXPECT_EQ(decision.by, 1u);
    EXPECT_GE(decision.load, 90);
    EXPECT_EQ(decision.waiting, 3u);
  }
}

TEST(Scaling, GrowsWithinFiveSecondsWithTheHighestThreshold) {
  Scaling scaling({.threshold = 100});
  scaling.report(0, remote(20, 20, 1), at(seconds(0)));
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(0), milliseconds(4'750)).action, Action::kGrow);
}

TEST(Scaling, DoesNotGrowForASpikeThatIsOverInASecond) {
  Scaling scaling({});
  scaling.report(0, remote(20, 20, 100), at(seconds(0)));
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(0), milliseconds(1'000)).action, Action::kKeep);
  scaling.report(0, remote(0, 20), at(seconds(1)));
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(1), minutes(5)).action, Action::kKeep);
}

TEST(Scaling, OneFullQueueBesideAnIdleOneIsNoReasonToGrow) {
  Scaling scaling({});
  scaling.report(0, remote(20, 20, 10'000), at(seconds(0)));
  EXPECT_EQ(ask(scaling, kTwo, 2, seconds(0), minutes(10)).action, Action::kKeep);
}

TEST(Scaling, HeldChannelHasNoLoadHoweverMuchWaits) {
  Scaling scaling({});
  scaling.report(0, {.local = {0, 0, 500}, .remote = {0, 0, 500}, .lmtp = {}}, at(seconds(0)));
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(0), minutes(1)).action, Action::kKeep);
}

TEST(Scaling, AddsSeveralQueuesAtOnceWhenMuchWaitsButNeverMoreThanDoublesThem) {
  std::vector<PlaceState> states(3, PlaceState::kWorking);
  Scaling scaling({});
  for (std::size_t i = 0; i < 3; ++i) scaling.report(i, remote(20, 20, 2'000), at(seconds(0)));
  EXPECT_EQ(ask(scaling, states, 3, seconds(0), seconds(5)).by, 3u);
  Scaling many({});
  states.resize(10, PlaceState::kWorking);
  for (std::size_t i = 0; i < 10; ++i) many.report(i, remote(20, 20, 2'000), at(seconds(0)));
  EXPECT_EQ(ask(many, states, 10, seconds(0), seconds(5)).by, 4u);
  Scaling little({});
  for (std::size_t i = 0; i < 10; ++i) little.report(i, remote(20, 20, 1), at(seconds(0)));
  EXPECT_EQ(ask(little, states, 10, seconds(0), seconds(5)).by, 2u);
}

TEST(Scaling, NeverPassesItsCeilingAndSaysSo) {
  Scaling scaling({.ceiling = 2});
  for (std::size_t i = 0; i < 2; ++i) scaling.report(i, local(10, 10, 5), at(seconds(0)));
  const auto decision = ask(scaling, kTwo, 2, seconds(0), seconds(60));
  EXPECT_EQ(decision.action, Action::kKeep);
  EXPECT_EQ(decision.cause, Cause::kCeiling);
}

TEST(Scaling, LoweredCeilingDrainsWhatIsAboveItAtOnce) {
  Scaling scaling({});
  scaling.set_limits({.floor = 1, .ceiling = 1});
  const auto decision = scaling.decide(kTwo, 2, at(seconds(0)));
  EXPECT_EQ(decision.action, Action::kDrain);
  EXPECT_EQ(decision.by, 1u);
}

TEST(Scaling, WithKeepCountDecidesNothing) {
  Scaling scaling({.floor = 1, .ceiling = 1, .keep_count = true});
  for (std::size_t i = 0; i < 2; ++i) scaling.report(i, local(10, 10, 5), at(seconds(0)));
  EXPECT_EQ(ask(scaling, kTwo, 2, seconds(0), minutes(10)).action, Action::kKeep);
}

TEST(Scaling, TakesDrainingQueuesBackBeforeItMakesNewOnes) {
  const std::array states{PlaceState::kWorking, PlaceState::kWorking, PlaceState::kDraining, PlaceState::kAbsent};
  Scaling scaling({});
  for (std::size_t i = 0; i < 2; ++i) scaling.report(i, local(10, 10, 500), at(seconds(0)));
  const auto decision = ask(scaling, states, 2, seconds(0), seconds(5));
  EXPECT_EQ(decision.action, Action::kTakeBack);
  EXPECT_EQ(decision.by, 1u);
}

TEST(Scaling, ShrinksOnlyAfterAMinuteOfLowLoad) {
  std::vector<PlaceState> states(8, PlaceState::kWorking);
  Scaling scaling({});
  EXPECT_EQ(ask(scaling, states, 8, seconds(0), milliseconds(59'750)).action, Action::kKeep);
  const auto decision = ask(scaling, states, 8, seconds(60), seconds(60));
  EXPECT_EQ(decision.action, Action::kDrain);
  EXPECT_EQ(decision.by, 4u);
}

TEST(Scaling, KeepsWhatIsNeededToCarryTheLoadWell) {
  std::vector<PlaceState> states(4, PlaceState::kWorking);
  Scaling scaling({});
  for (std::size_t i = 0; i < 4; ++i) scaling.report(i, local(40, 100), at(seconds(0)));  // 1.6 in all, 0.54 a queue
  EXPECT_EQ(ask(scaling, states, 4, seconds(20), minutes(2)).by, 1u);
  states.back() = PlaceState::kDraining;
  scaling.report(3, local(0, 100), at(minutes(2)));
  for (std::size_t i = 0; i < 3; ++i) scaling.report(i, local(53, 100), at(minutes(2)));
  EXPECT_EQ(ask(scaling, states, 3, minutes(2), minutes(10)).action, Action::kKeep);
}

TEST(Scaling, NeverGoesBelowItsFloor) {
  std::vector<PlaceState> states(3, PlaceState::kWorking);
  Scaling scaling({.floor = 3});
  EXPECT_EQ(ask(scaling, states, 3, seconds(0), minutes(10)).action, Action::kKeep);
}

TEST(Scaling, ReportedLoadsAddUpAsInTheOriginal) {
  Scaling scaling({.threshold = 50});
  scaling.report(0, 45, at(seconds(0)));
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(0), seconds(80)).action, Action::kKeep);
  scaling.report(0, 101, at(seconds(90)));
  const auto decision = scaling.decide(kOne, 1, at(seconds(90)));
  EXPECT_EQ(decision.action, Action::kGrow);
  EXPECT_EQ(decision.cause, Cause::kMessage);
  EXPECT_DOUBLE_EQ(decision.load, 50.5);
}

TEST(Scaling, ReportedLoadsAreForgottenWhenNobodyRepeatsThem) {
  Scaling scaling({});
  scaling.report(0, 200, at(seconds(0)));
  EXPECT_EQ(scaling.load_of(0, at(seconds(89))), 200);
  EXPECT_EQ(scaling.load_of(0, at(seconds(90))), 0);
  EXPECT_EQ(ask(scaling, kOne, 1, seconds(90), minutes(5)).action, Action::kKeep);
}

TEST(Scaling, ReportedLoadsThatLieAreCut) {
  Scaling scaling({});
  scaling.report(0, ~std::uint64_t{0}, at(seconds(0)));
  EXPECT_EQ(scaling.load_of(0, at(seconds(0))), 200);
  EXPECT_EQ(ask(scaling, kTwo, 2, seconds(0), seconds(80)).action, Action::kKeep);
}

TEST(Scaling, QueueThatCannotStartCountsNeitherAsLoadNorAsCapacity) {
  std::array states{PlaceState::kWorking, PlaceState::kUnusable, PlaceState::kAbsent};
  Scaling scaling({});
  scaling.report(0, local(10, 10, 1), at(seconds(0)));
  const auto decision = ask(scaling, states, 2, seconds(0), seconds(5));
  EXPECT_EQ(decision.action, Action::kGrow);
  EXPECT_EQ(decision.working, 1u);
}

TEST(Scaling, QueuesThatCannotStartDoNotMakeItTryAllNumbers) {
  const std::array states{PlaceState::kWorking, PlaceState::kUnusable, PlaceState::kUnusable, PlaceState::kUnusable};
  Scaling scaling({});
  scaling.report(0, local(10, 10, 1), at(seconds(0)));
  EXPECT_EQ(ask(scaling, states, 4, seconds(0), seconds(50)).action, Action::kKeep);
}

TEST(Scaling, PausedQueuesDoNotKeepOthersFromBeingMade) {
  const std::array states{PlaceState::kWorking, PlaceState::kPaused, PlaceState::kPaused, PlaceState::kPaused};
  Scaling scaling({});
  scaling.report(0, local(10, 10, 1), at(seconds(0)));
  EXPECT_EQ(ask(scaling, states, 4, seconds(0), seconds(5)).action, Action::kGrow);
}

TEST(Scaling, WithoutAnyWorkingQueueNothingIsDecided) {
  const std::array states{PlaceState::kUnusable};
  Scaling scaling({});
  scaling.report(0, local(10, 10, 1), at(seconds(0)));
  EXPECT_EQ(ask(scaling, states, 1, seconds(0), minutes(5)).action, Action::kKeep);
  EXPECT_EQ(scaling.average(states, 1, at(minutes(5))), 0);
  EXPECT_EQ(scaling.decide({}, 1, at(minutes(5))).action, Action::kKeep);
}

TEST(Scaling, NewQueueInAPlaceBeginsWithoutLoad) {
  Scaling scaling({});
  scaling.report(0, local(10, 10), at(seconds(0)));
  EXPECT_NEAR(scaling.load_of(0, at(minutes(1))), 100, 0.001);
  scaling.forget(0);
  EXPECT_EQ(scaling.load_of(0, at(minutes(1))), 0);
  scaling.forget(7);
}

}  // namespace
}  // namespace sluice::supervise
