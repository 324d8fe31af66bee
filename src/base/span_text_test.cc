#include "base/span_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SpanText, SaysTheTwoLargestUnits) {
  EXPECT_EQ(span_text(5 * 86400 + 2 * 3600 + 59), "5d2h");
  EXPECT_EQ(span_text(190), "3m10s");
  EXPECT_EQ(span_text(7), "7s");
  EXPECT_EQ(span_text(3600), "1h");
  EXPECT_EQ(span_text(15 * 86400), "2w1d");
}

TEST(SpanText, NothingAndWhatLiesInTheFutureIsZero) {
  EXPECT_EQ(span_text(0), "0s");
  EXPECT_EQ(span_text(-5), "0s");
}

}  // namespace
}  // namespace sluice
