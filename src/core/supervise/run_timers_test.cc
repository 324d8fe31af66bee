#include "core/supervise/run_timers.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

using Groups = std::vector<std::size_t>;
using Intervals = std::vector<std::optional<Duration>>;

constexpr MonoTime at(std::int64_t milliseconds) { return MonoTime{Duration{milliseconds}}; }

TEST(RunTimers, TheFirstRunIsAtOnce) {
  RunTimers timers(Intervals{Duration{3'600'000}}, at(500));
  EXPECT_EQ(timers.next(), at(500));
  EXPECT_EQ(timers.due(at(500)), Groups{0});
  EXPECT_EQ(timers.next(), at(3'600'500));
}

TEST(RunTimers, IntervalsAreMeasuredFromStartToStart) {
  RunTimers timers(Intervals{Duration{1'000}}, at(0));
  timers.due(at(0));
  EXPECT_EQ(timers.due(at(999)), Groups{});
  EXPECT_EQ(timers.due(at(1'300)), Groups{0});  // late
  EXPECT_EQ(timers.next(), at(2'000));
}

TEST(RunTimers, MissedTicksAreOneAndTheRhythmStays) {
  RunTimers timers(Intervals{Duration{1'000}}, at(0));
  timers.due(at(0));
  EXPECT_EQ(timers.due(at(7'400)), Groups{0});
  EXPECT_EQ(timers.due(at(7'400)), Groups{});
  EXPECT_EQ(timers.next(), at(8'000));
}

TEST(RunTimers, EachGroupTicksByItself) {
  RunTimers timers(Intervals{Duration{2'000}, Duration{3'000}}, at(0));
  std::string ticks;
  for (int i = 0; i <= 6; ++i) {
    for (const std::size_t group : timers.due(at(i * 1'000))) ticks += static_cast<char>('a' + group);
    ticks += '.';
  }
  EXPECT_EQ(ticks, "ab..a.b.a..ab.");
}

TEST(RunTimers, AGroupWithoutIntervalIsNeverDue) {
  RunTimers timers(Intervals{std::nullopt, Duration{0}, Duration{-5}}, at(0));
  EXPECT_EQ(timers.due(at(1'000'000)), Groups{});
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(SleepAfterRun, IsOneSecondAfterWorkAndFiveAfterNothingByDefault) {
  EXPECT_EQ(sleep_after_run(std::nullopt, false), Seconds(1));
  EXPECT_EQ(sleep_after_run(std::nullopt, true), Seconds(5));
  EXPECT_EQ(sleep_after_run(Duration{0}, true), Seconds(5));
}

TEST(SleepAfterRun, IsTheGivenIntervalWhateverTheRunFound) {
  EXPECT_EQ(sleep_after_run(Seconds(3), false), Seconds(3));
  EXPECT_EQ(sleep_after_run(Seconds(3), true), Seconds(3));
}

TEST(IntervalText, HasDaysOnlyWhereThereAreSome) {
  EXPECT_EQ(interval_text(std::chrono::hours(1)), "01:00:00");
  EXPECT_EQ(interval_text(Seconds(1)), "00:00:01");
  EXPECT_EQ(interval_text(std::chrono::hours(24 * 7) + Seconds(61)), "7+00:01:01");
}

}  // namespace
}  // namespace sluice::supervise
