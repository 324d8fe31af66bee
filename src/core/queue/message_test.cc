#include "core/queue/message.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::queue {
namespace {

const WallTime kNow = wall_from_millis(1767225600000 + 5000);  // five seconds into 2026

TEST(MessageIds, HoldTimeAndQueue) {
  const MessageId id = next_message_id({}, 37, kNow);
  EXPECT_EQ(id.raw() >> 20, 5000u);
  EXPECT_EQ(queue_number_of(id), 37u);
}

TEST(MessageIds, AscendWithinOneMillisecondAndBeyondItsCounter) {
  MessageId last = next_message_id({}, 1, kNow);
  for (int i = 0; i < 5000; ++i) {
    const MessageId next = next_message_id(last, 1, kNow);
    ASSERT_GT(next, last);
    ASSERT_EQ(queue_number_of(next), 1u);
    last = next;
  }
}

TEST(MessageIds, OfTwoMakersNeverMeet) {
  MessageId accepted = next_message_id({}, 1, kNow), adopted = next_message_id({}, 1, kNow, IdMaker::kAdoption);
  std::set<std::uint64_t> seen{accepted.raw(), adopted.raw()};
  for (int i = 0; i < 3000; ++i) {
    accepted = next_message_id(accepted, 1, kNow);
    adopted = next_message_id(adopted, 1, kNow, IdMaker::kAdoption);
    ASSERT_TRUE(seen.insert(accepted.raw()).second && seen.insert(adopted.raw()).second);
  }
  EXPECT_GT(next_message_id(adopted, 1, kNow), adopted);
  EXPECT_GT(next_message_id(accepted, 1, kNow, IdMaker::kAdoption), accepted);
}

TEST(MessageIds, AscendWhenTheClockGoesBack) {
  const MessageId last = next_message_id({}, 1, kNow);
  EXPECT_GT(next_message_id(last, 1, kNow - Seconds(3600)), last);
}

TEST(MessageIds, OfAClockBeforeTheirEpochAreNotZero) {
  EXPECT_TRUE(next_message_id({}, 0, wall_from_millis(0)));
  EXPECT_TRUE(next_message_id({}, 0, wall_from_millis(-1)));
}

}  // namespace
}  // namespace sluice::queue
