#include "base/time.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr MonoTime mono(std::int64_t milliseconds) { return MonoTime{Duration{milliseconds}}; }

TEST(SecondOf, IsTheSameWhenTheClocksWereReadAMillisecondApart) {
  const MonoTime now = mono(5'000), due = mono(65'000);
  for (const std::int64_t apart : {-1, 0, 1})
    EXPECT_EQ(second_of(due, now, wall_from_millis(1'795'000'000'000 + apart)), 1'795'000'060) << apart;
}

TEST(SecondOf, IsTheNearest) {
  const WallTime wall = wall_from_millis(1'795'000'000'000);
  EXPECT_EQ(second_of(mono(1'499), mono(0), wall), 1'795'000'001);
  EXPECT_EQ(second_of(mono(1'500), mono(0), wall), 1'795'000'002);
  EXPECT_EQ(second_of(mono(0), mono(1'499), wall), 1'794'999'999) << "of what is past, too";
}

}  // namespace
}  // namespace sluice
