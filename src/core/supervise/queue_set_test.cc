#include "core/supervise/queue_set.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::supervise {
namespace {

TEST(StaticQueues, CountFromTheStart) {
  EXPECT_EQ(static_queues("/var/queue", 2, 2).value(),
            (std::vector<QueueSpec>{{2, "/var/queue/queue2"}, {3, "/var/queue/queue3"}}));
}

TEST(StaticQueues, TrailingSlashesDoNotDouble) {
  EXPECT_EQ(static_queues("/q//", 1, 1).value()[0].directory, "/q/queue1");
  EXPECT_EQ(static_queues("/", 1, 1).value()[0].directory, "/queue1");
}

TEST(StaticQueues, NumbersStayInsideWhatAMessageIdHolds) {
  EXPECT_EQ(static_queues("/q", 1, 1023).value().back().number, 1023u);
  EXPECT_EQ(static_queues("/q", 1, 1024).error(), QueueSetError::kTooMany);
  EXPECT_EQ(static_queues("/q", 1024, 1).error(), QueueSetError::kTooMany);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(static_queues("/q", kMost, kMost).error(), QueueSetError::kTooMany);
}

TEST(StaticQueues, NothingToRunIsAnError) {
  EXPECT_EQ(static_queues("/q", 1, 0).error(), QueueSetError::kNoQueues);
  EXPECT_EQ(static_queues("/q", 0, 1).error(), QueueSetError::kStart);
  EXPECT_EQ(static_queues("", 1, 1).error(), QueueSetError::kNoBase);
}

TEST(QueueNames, HoldTheNumberAndNothingElse) {
  EXPECT_EQ(number_of_queue("queue7"), 7u);
  EXPECT_EQ(number_of_queue("queue1023"), 1023u);
  for (const char* name : {"queue", "queue0", "queue07", "queue1024", "queue7.old", "queue 7", "queue-7", "nqueue", ""})
    EXPECT_EQ(number_of_queue(name), std::nullopt) << name;
}

TEST(DynamicBounds, AreTheCountAndTheMaximum) {
  EXPECT_EQ(dynamic_bounds(1, 2, 20).floor, 2u);
  EXPECT_EQ(dynamic_bounds(1, 2, 20).ceiling, 20u);
  EXPECT_EQ(dynamic_bounds(1, 2, 20).hold(1), 2u);
  EXPECT_EQ(dynamic_bounds(1, 2, 20).hold(30), 20u);
}

TEST(DynamicBounds, GiveWayToACountAboveTheMaximumAndToTheLastNumber) {
  EXPECT_EQ(dynamic_bounds(1, 30, 20).ceiling, 30u);
  EXPECT_EQ(dynamic_bounds(1'020, 1, 20).ceiling, 4u);
  EXPECT_EQ(dynamic_bounds(1'023, 1, 1'023).ceiling, 1u);
}

}  // namespace
}  // namespace sluice::supervise
