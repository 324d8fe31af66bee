#include "core/monitor/snapshot.h"

#include <gtest/gtest.h>

namespace sluice::monitor {
namespace {

Snapshot snapshot(std::uint64_t pid, const Totals& totals) {
  QueueFigures queue;
  queue.number = 1;
  queue.pid = pid;
  queue.messages = 7;
  queue.totals = totals;
  Snapshot result;
  result.queues.push_back(queue);
  return result;
}

TEST(Rates, AreWhatHappenedBetweenTwoLooks) {
  Snapshot now = snapshot(10, {150, 120, 9, 3});
  set_rates(now, snapshot(10, {100, 100, 4, 3}), Duration{5000});
  ASSERT_TRUE(now.queues[0].rates);
  EXPECT_DOUBLE_EQ(now.queues[0].rates->taken, 10);
  EXPECT_DOUBLE_EQ(now.queues[0].rates->delivered, 4);
  EXPECT_DOUBLE_EQ(now.queues[0].rates->deferred, 1);
  EXPECT_DOUBLE_EQ(now.queues[0].rates->failed, 0);
}

TEST(Rates, AreUnknownAfterARestartAndWithoutTime) {
  Snapshot now = snapshot(11, {150, 120, 9, 3});
  set_rates(now, snapshot(10, {100, 100, 4, 3}), Duration{5000});
  EXPECT_FALSE(now.queues[0].rates);
  set_rates(now, snapshot(11, {151, 100, 4, 3}), Duration{5000});
  EXPECT_FALSE(now.queues[0].rates);
  set_rates(now, snapshot(11, {100, 100, 4, 3}), Duration{0});
  EXPECT_FALSE(now.queues[0].rates);
  set_rates(now, Snapshot{}, Duration{5000});
  EXPECT_FALSE(now.queues[0].rates);
}

TEST(Lanes, TheBusiestComeFirstAndQueuesAreAddedUp) {
  const std::vector<LaneFigures> lanes = {{"queue1", "remote", "a.test", 3, 5, 10, "lane-window"},
                                          {"queue1", "remote", "b.test", 4, 5, 4, "in-flight"},
                                          {"queue1", "local", "a.test", 0, 5, 900, "retry-time"},
                                          {"queue2", "remote", "a.test", 2, 5, 30, "lane-backoff"},
                                          {"queue3", "remote", "a.test", 1, 2, 3, "retry-time"}};
  const auto first = busiest(lanes, 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].destination, "a.test");
  EXPECT_EQ(first[0].queue, "3 queues");
  EXPECT_EQ(first[0].in_flight, 6u);
  EXPECT_EQ(first[0].window, 12u);
  EXPECT_EQ(first[0].jobs, 43u);
  EXPECT_EQ(first[0].reason, "lane-backoff");
  EXPECT_EQ(first[1].destination, "b.test");
  EXPECT_EQ(busiest(lanes, 9).back().channel, "local");
}

TEST(Sum, LeavesOutWhatDoesNotRun) {
  Snapshot all = snapshot(10, {});
  all.queues[0].rates = Rates{1, 2, 3, 4};
  all.queues.push_back(all.queues[0]);
  all.queues[1].disabled = true;
  all.queues.push_back(all.queues[0]);
  all.queues[2].state = QueueState::kSilent;
  all.queues.push_back(all.queues[0]);
  all.queues[3].state = QueueState::kRetired;
  const Sum sum = sum_of(all);
  EXPECT_EQ(sum.running, 2u);
  EXPECT_EQ(sum.offered, 1u);
  EXPECT_EQ(sum.silent, 1u);
  EXPECT_EQ(sum.retired, 1u);
  EXPECT_EQ(sum.messages, 14u);
  EXPECT_DOUBLE_EQ(sum.rates->deferred, 6);
}

}  // namespace
}  // namespace sluice::monitor
