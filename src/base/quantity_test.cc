#include "base/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::chrono::seconds seconds_of(std::string_view text, TimeUnit bare = TimeUnit::kSeconds) {
  const auto parsed = parse_duration(text, bare);
  return parsed ? *parsed : std::chrono::seconds(-1);
}

TEST(Duration, AddsUpItsGroups) {
  EXPECT_EQ(seconds_of("5d12h"), 132h);
  EXPECT_EQ(seconds_of("1w2d3h4m5s"), 219h + 4min + 5s);
  EXPECT_EQ(seconds_of("90m"), seconds_of("1h30m"));
  EXPECT_EQ(seconds_of("0"), 0s);
}

TEST(Duration, CountsBareNumbersInTheUnitOfTheSetting) {
  EXPECT_EQ(seconds_of("604800"), 168h);
  EXPECT_EQ(seconds_of("90", TimeUnit::kMinutes), 90min);
  EXPECT_EQ(seconds_of("1h30", TimeUnit::kMinutes), 90min);
  EXPECT_EQ(seconds_of("5", TimeUnit::kDays), 120h);
}

TEST(Duration, NamesThePlaceOfAnUnknownUnit) {
  const auto parsed = parse_duration("5d12q", TimeUnit::kSeconds);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().at, 4u);
  EXPECT_EQ(parsed.error().message, "'q' is not a unit of time");
}

TEST(Duration, RefusesSignsFractionsSpacesCapitalsAndNothing) {
  for (const auto* text : {"", "-5", "+5", "1.5h", "5 d", "1H", "d", "5dd", "now", "\xff"}) {
    EXPECT_FALSE(parse_duration(text, TimeUnit::kSeconds)) << text;
  }
}

TEST(Duration, RefusesWhatIsTooLongInsteadOfWrapping) {
  EXPECT_FALSE(parse_duration("99999999999999999999999999w", TimeUnit::kSeconds));
  EXPECT_FALSE(parse_duration("1000000d1s", TimeUnit::kSeconds));
  EXPECT_FALSE(parse_duration("30500568904944w", TimeUnit::kSeconds));
  EXPECT_TRUE(parse_duration("1000000d", TimeUnit::kSeconds));
}

TEST(Duration, IsWrittenSoThatItParsesBack) {
  EXPECT_EQ(format_duration(168h), "7d");
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(0s), "0s");
  for (std::int64_t n : {1, 59, 60, 3599, 86399, 604800, 604801, 1234567, 987654321}) {
    EXPECT_EQ(seconds_of(format_duration(std::chrono::seconds(n))).count(), n);
  }
}

TEST(Size, MultipliesByPowersOf1024) {
  EXPECT_EQ(parse_size("0").value(), 0u);
  EXPECT_EQ(parse_size("1000").value(), 1000u);
  EXPECT_EQ(parse_size("3k").value(), 3072u);
  EXPECT_EQ(parse_size("50M").value(), 52428800u);
  EXPECT_EQ(parse_size("2g").value(), 2147483648u);
}

TEST(Size, NamesThePlaceOfAMistake) {
  EXPECT_EQ(parse_size("5x").error().at, 1u);
  EXPECT_EQ(parse_size("5kB").error().at, 2u);
  EXPECT_EQ(parse_size("-5").error().at, 0u);
  EXPECT_FALSE(parse_size(""));
}

TEST(Size, RefusesWhatIsTooLargeInsteadOfWrapping) {
  EXPECT_EQ(parse_size("18446744073709551615").value(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(parse_size("18446744073709551616"));
  EXPECT_FALSE(parse_size("17179869184G"));
  EXPECT_TRUE(parse_size("17179869183G"));
}

TEST(Size, IsWrittenSoThatItParsesBack) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(52428800), "50M");
  EXPECT_EQ(format_size(1025), "1025");
  EXPECT_EQ(format_size(1ULL << 40), "1024G");
}

}  // namespace
}  // namespace sluice
