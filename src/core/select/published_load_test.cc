#include "core/select/published_load.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace sluice::select {
namespace {

using link::QueueCounts;

TEST(PublishedLoad, IsARatioNotANumberOfDeliveries) {
  const QueueState small = state_of(QueueCounts{0, 5, 10, 10, 0}), large = state_of(QueueCounts{0, 20, 10, 100, 0});
  EXPECT_GT(small.load, large.load);
  EXPECT_EQ(small.load, kFullChannel / 2);
}

TEST(PublishedLoad, AddsBothChannels) {
  EXPECT_EQ(state_of(QueueCounts{10, 10, 10, 10, 0}).load, 2 * kFullChannel);
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(state_of(QueueCounts{kMost, kMost, 1, 1, 0}).load, 2 * kFullChannel) << "never more than full";
}

TEST(PublishedLoad, ThatIsDisabledOrUnknownIsTheLastResort) {
  EXPECT_EQ(state_of(QueueCounts{0, 0, 10, 10, 1}).load, kLastResort);
  EXPECT_EQ(state_of(std::nullopt).load, kLastResort);
  EXPECT_EQ(state_of(QueueCounts{}).load, kLastResort) << "made, but nobody publishes";
  EXPECT_TRUE(state_of(std::nullopt).open);
}

TEST(PublishedLoad, LeadsToTheLeastLoadedAndToADisabledQueueOnlyInNeed) {
  std::array<QueueState, 3> queues{state_of(QueueCounts{0, 0, 10, 10, 1}), state_of(QueueCounts{9, 0, 10, 10, 0}),
                                   state_of(QueueCounts{1, 0, 10, 10, 0})};
  QueueChoice choice;
  EXPECT_EQ(choice.in_order(queues), (std::vector<std::size_t>{2, 1, 0}));
}

TEST(PublishedLoad, StepsFillTheEmptierQueueUpToTheFuller) {
  std::array<QueueState, 2> queues{state_of(QueueCounts{0, 4, 10, 10, 0}), state_of(QueueCounts{0, 0, 10, 10, 0})};
  QueueChoice choice;
  int first = 0;
  for (int i = 0; i < 4; ++i) {
    const auto queue = choice.next(queues);
    queues[*queue].load += queues[*queue].step;
    first += *queue == 0 ? 1 : 0;
  }
  EXPECT_EQ(first, 0);
  EXPECT_EQ(queues[0].load, queues[1].load);
}

}  // namespace
}  // namespace sluice::select
