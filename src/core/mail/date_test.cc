#include "core/mail/date.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>

namespace sluice::mail {
namespace {

WallTime at(std::int64_t seconds) { return wall_from_millis(seconds * 1000); }

TEST(Date, IsWrittenAsRfc5322Asks) {
  EXPECT_EQ(format_date(at(880127706)), "Fri, 21 Nov 1997 15:55:06 +0000");
  EXPECT_EQ(format_date(at(880127706), std::chrono::hours{-6}), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(format_date(at(880127706), std::chrono::minutes{345}), "Fri, 21 Nov 1997 21:40:06 +0545");
  EXPECT_EQ(format_date(at(0)), "Thu, 1 Jan 1970 00:00:00 +0000");
}

TEST(Date, OffsetCanChangeTheDayAndTheYear) {
  EXPECT_EQ(format_date(at(1767225599), std::chrono::hours{1}), "Thu, 1 Jan 2026 00:59:59 +0100");
  EXPECT_EQ(format_date(at(1767225600), std::chrono::minutes{-30}), "Wed, 31 Dec 2025 23:30:00 -0030");
}

TEST(Date, MillisecondsBefore1970RoundDown) {
  EXPECT_EQ(format_date(wall_from_millis(-1)), "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(Date, AgreesWithTheSystemOverFourCenturies) {
  for (std::int64_t second = -2208988800; second < 11000000000; second += 86400LL * 13 + 12345) {
    const std::time_t time = second;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    std::string unpadded = expected;
    if (unpadded[5] == '0') unpadded.erase(5, 1);
    ASSERT_EQ(format_date(at(second)), unpadded);
  }
}

TEST(Date, StrangeTimesAndOffsetsStayInsideTheGrammar) {
  const auto least = wall_from_millis(std::numeric_limits<std::int64_t>::min());
  const auto greatest = wall_from_millis(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(format_date(least), "Mon, 1 Jan 1900 00:00:00 +0000");
  EXPECT_EQ(format_date(greatest), "Fri, 31 Dec 9999 23:59:59 +0000");
  EXPECT_EQ(format_date(at(0), std::chrono::minutes{1000000}), "Thu, 1 Jan 1970 00:00:00 +0000");
}

}  // namespace
}  // namespace sluice::mail
