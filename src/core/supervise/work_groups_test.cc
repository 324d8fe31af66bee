#include "core/supervise/work_groups.h"

#include <gmock/gmock.h>

#include <array>

namespace sluice::supervise {
namespace {

using testing::ElementsAre;

TEST(WorkGroups, WithoutALimitEachQueueGroupHasOneOfItsOwn) {
  const std::array<std::uint32_t, 4> runners{1, 3, 2, 0};
  EXPECT_THAT(work_groups(runners, 0), ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(0), ElementsAre(3)));
}

TEST(WorkGroups, ALimitOfFourMakesOneOfThreeTwoOneAndNone) {
  const std::array<std::uint32_t, 4> runners{3, 2, 1, 0};
  EXPECT_THAT(work_groups(runners, 4), ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(WorkGroups, WhatIsLeftIsDealtOutBackAndForth) {
  const std::array<std::uint32_t, 7> runners{1, 1, 1, 1, 1, 1, 1};
  EXPECT_THAT(work_groups(runners, 3), ElementsAre(ElementsAre(0, 5, 6), ElementsAre(1, 4), ElementsAre(2, 3)));
}

TEST(WorkGroups, ThereIsOneEvenIfTheFirstExceedsTheLimit) {
  const std::array<std::uint32_t, 2> runners{9, 1};
  EXPECT_THAT(work_groups(runners, 1), ElementsAre(ElementsAre(0, 1)));
}

TEST(WorkGroups, ThereAreAtMostFifty) {
  const std::vector<std::uint32_t> runners(60, 1);
  const auto groups = work_groups(runners, 0);
  EXPECT_EQ(groups.size(), kMaximumWorkGroups);
  EXPECT_THAT(groups.back(), ElementsAre(49, 50));
}

TEST(WorkGroups, OfNothingAreNone) { EXPECT_TRUE(work_groups({}, 3).empty()); }

}  // namespace
}  // namespace sluice::supervise
