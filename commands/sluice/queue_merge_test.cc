#include "queue_merge.h"

#include <gtest/gtest.h>

namespace sluice::commands {
namespace {

using select::SortOrder;

constexpr Octets kMessage = R"({"id":29466321485825024,"arrival":1763800000,"priority":-4,"sender":"a"})";

TEST(QueueMerge, TheOrderOverAllQueuesComesFromTheMessage) {
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kFilename), 29466321485825024);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kTime), 1763800000);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kPriority), -4);
}

TEST(QueueMerge, WhatCannotBeToldHasNoPlace) {
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kHost), std::nullopt);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kRandom), std::nullopt);
  EXPECT_EQ(place_in_order("{}", SortOrder::kTime), std::nullopt);
  EXPECT_EQ(place_in_order("[1", SortOrder::kTime), std::nullopt);
}

}  // namespace
}  // namespace sluice::commands
