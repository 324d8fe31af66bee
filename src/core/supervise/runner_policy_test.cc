#include "core/supervise/runner_policy.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

using How = RunnerEnd::How;
using Lines = std::vector<RunnerLine>;

TEST(RunnerPolicy, ARunnerKilledByASignalIsStartedAgain) {
  RunnerPolicy policy(3, true);
  const auto verdict = policy.ended({How::kSignal, 9});
  EXPECT_TRUE(verdict.start);
  EXPECT_EQ(verdict.lines, (Lines{{true, "persistent queue runner=3 died, signal=9"}}));
}

TEST(RunnerPolicy, TheEleventhDeathLosesTheRunner) {
  RunnerPolicy policy(0, true);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(policy.ended({How::kSignal, 15}).start);
  const auto verdict = policy.ended({How::kSignal, 15});
  EXPECT_FALSE(verdict.start);
  EXPECT_TRUE(policy.lost());
  EXPECT_EQ(verdict.lines,
            (Lines{{true, "persistent queue runner=0 died, signal=15"},
                   {true, "ERROR: persistent queue runner=0 restarted too many times, queue runner lost"}}));
}

TEST(RunnerPolicy, ARunnerThatDumpedCoreIsLost) {
  RunnerPolicy policy(1, true);
  const auto verdict = policy.ended({How::kCore, 11});
  EXPECT_FALSE(verdict.start);
  EXPECT_TRUE(policy.lost());
  EXPECT_EQ(verdict.lines, (Lines{{true, "persistent queue runner=1 core dumped, signal=11"}}));
}

TEST(RunnerPolicy, WithoutRestartsTheFirstDeathLosesIt) {
  RunnerPolicy policy(2, false);
  EXPECT_EQ(policy.ended({How::kSignal, 9}).lines,
            (Lines{{true, "persistent queue runner=2 died, signal=9"}, {true, "persistent queue runner=2, exited"}}));
  EXPECT_TRUE(policy.lost());
}

TEST(RunnerPolicy, AnEndByItselfCountsToo) {
  RunnerPolicy policy(0, true);
  EXPECT_EQ(policy.ended({How::kExit, 1}).lines, (Lines{{true, "persistent queue runner=0 ended, status=1"}}));
  EXPECT_EQ(policy.restarts(), 1u);
  EXPECT_TRUE(policy.not_started("no memory").start);
  EXPECT_EQ(policy.restarts(), 2u);
}

TEST(RunnerPolicy, ARenewedRunnerIsStartedWhenItHasEndedAndForgiven) {
  RunnerPolicy policy(4, true);
  for (int i = 0; i < 10; ++i) policy.ended({How::kSignal, 9});
  EXPECT_FALSE(policy.renew(1).start);  // it runs still
  const auto verdict = policy.ended({How::kSignal, 15});
  EXPECT_TRUE(verdict.start);
  EXPECT_EQ(verdict.lines, (Lines{{true, "restart queue runner=4 due to signal 1"}}));
  EXPECT_EQ(policy.restarts(), 0u);
  EXPECT_TRUE(policy.ended({How::kSignal, 9}).start);
}

TEST(RunnerPolicy, RenewingBringsALostRunnerBack) {
  RunnerPolicy policy(0, true);
  policy.ended({How::kCore, 6});
  EXPECT_TRUE(policy.renew(1).start);
  EXPECT_FALSE(policy.lost());
}

TEST(RunnerPolicy, ALostRunnerSaysNothingMore) {
  RunnerPolicy policy(0, true);
  policy.ended({How::kCore, 6});
  const auto verdict = policy.ended({How::kSignal, 9});
  EXPECT_FALSE(verdict.start);
  EXPECT_TRUE(verdict.lines.empty());
}

}  // namespace
}  // namespace sluice::supervise
