#include "core/supervise/restart_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::supervise {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime at(Duration since) { return MonoTime{} + since; }

// Starts a child at `now`, lets it live, and returns how long it then waits.
Duration wait_after(RestartPolicy& policy, MonoTime& now, Duration life) {
  policy.started(now);
  now += life;
  const MonoTime next = policy.next_start(now);
  const Duration wait = next - now;
  now = next;
  return wait;
}

TEST(RestartPolicy, FirstRestartIsImmediateThenWaitsDoubleUpToAMinute) {
  RestartPolicy policy;
  MonoTime now = at(seconds(100));
  std::vector<Duration> waits;
  for (int death = 0; death < 10; ++death) waits.push_back(wait_after(policy, now, milliseconds(5)));
  EXPECT_EQ(waits, (std::vector<Duration>{seconds(0), seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                                          seconds(32), seconds(60), seconds(60), seconds(60)}));
}

TEST(RestartPolicy, ChildThatWorkedIsStartedAtOnce) {
  RestartPolicy policy;
  MonoTime now = at(seconds(0));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wait_after(policy, now, seconds(10)), seconds(0));
  EXPECT_EQ(policy.early_deaths(), 0u);
}

TEST(RestartPolicy, QuietLifeForgivesEarlyDeaths) {
  RestartPolicy policy;
  MonoTime now = at(seconds(0));
  for (int i = 0; i < 6; ++i) wait_after(policy, now, seconds(1));
  EXPECT_EQ(wait_after(policy, now, seconds(60)), seconds(0));
  EXPECT_EQ(wait_after(policy, now, seconds(1)), seconds(0));
}

TEST(RestartPolicy, ShortGoodLifeDoesNotForgive) {
  RestartPolicy policy;
  MonoTime now = at(seconds(0));
  for (int i = 0; i < 4; ++i) wait_after(policy, now, seconds(1));
  EXPECT_EQ(wait_after(policy, now, seconds(30)), seconds(0));
  EXPECT_EQ(wait_after(policy, now, seconds(1)), seconds(8));
}

TEST(RestartPolicy, EndlessDeathsDoNotOverflow) {
  RestartPolicy policy;
  MonoTime now = at(seconds(0));
  for (int i = 0; i < 100000; ++i) EXPECT_LE(wait_after(policy, now, milliseconds(0)), seconds(60));
}

}  // namespace
}  // namespace sluice::supervise
