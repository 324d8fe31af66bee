#include "queue_merge.h"

#include <gtest/gtest.h>

namespace sluice::commands {
namespace {

using select::SortOrder;

constexpr Octets kMessage =
    R"({"id":29466321485825024,"arrival":1763800000,"size":200,"accepted":2,"class":-60,)"
    R"("recipients":[{"address":"a@x","attempts":1,"state":"deferred"},{"address":"b@x","attempts":3,"state":"new"}]})";

TEST(QueueMerge, TheOrderOverAllQueuesComesFromTheMessage) {
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kFilename), 29466321485825024);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kTime), 1763800000);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kPriority), 200 + 60 * 1800 + 2 * 30000 + 3 * 90000);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kPriority, {.recipient = 1, .precedence = 1, .retry = 0}),
            200 + 60 + 2);
}

TEST(QueueMerge, WhatCannotBeToldHasNoPlace) {
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kHost), std::nullopt);
  EXPECT_EQ(place_in_order(kMessage, SortOrder::kRandom), std::nullopt);
  EXPECT_EQ(place_in_order("[]", SortOrder::kTime), std::nullopt);
  EXPECT_EQ(place_in_order("[1", SortOrder::kTime), std::nullopt);
}

}  // namespace
}  // namespace sluice::commands
