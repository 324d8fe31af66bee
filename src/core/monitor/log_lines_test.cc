#include "core/monitor/log_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::monitor {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogLines, TheLastOnesComeInTheirOrder) {
  EXPECT_THAT(last_lines("one\ntwo\nthree\n", false, 2, minutes{0}), ElementsAre("two", "three"));
  EXPECT_THAT(last_lines("one\ntwo\n", false, 9, minutes{0}), ElementsAre("one", "two"));
  EXPECT_THAT(last_lines("\n\n", false, 9, minutes{0}), ElementsAre("", ""));
  EXPECT_THAT(last_lines("", false, 9, minutes{0}), IsEmpty());
  EXPECT_THAT(last_lines("one\n", false, 0, minutes{0}), IsEmpty());
}

TEST(LogLines, WhatIsNotWholeIsLeftOut) {
  EXPECT_THAT(last_lines("one\ntwo", false, 9, minutes{0}), ElementsAre("one"));
  EXPECT_THAT(last_lines("end of one\ntwo\n", true, 9, minutes{0}), ElementsAre("two"));
  EXPECT_THAT(last_lines("the middle of one", true, 9, minutes{0}), IsEmpty());
}

TEST(LogLines, ForeignOctetsReachNoTerminal) {
  EXPECT_THAT(last_lines("a\x1b[2Jb\tc\r\xc3\xa9\n", false, 9, minutes{0}), ElementsAre("a?[2Jb c???"));
}

TEST(LogLines, TimeStampsBecomeTheTimeOfDay) {
  EXPECT_THAT(last_lines("@400000006a6a1f2b0c8a1b14 new msg 1\n", false, 9, minutes{0}),
              ElementsAre(clock_text(0x6a6a1f2b - 10, minutes{0}) + " new msg 1"));
  EXPECT_THAT(last_lines("1795315310.251 status: x\n", false, 9, minutes{60}), ElementsAre("03:41:50 status: x"));
  EXPECT_THAT(last_lines("@40000000zz6a1f2b0c8a1b14 x\n12 x\n", false, 9, minutes{0}),
              ElementsAre("@40000000zz6a1f2b0c8a1b14 x", "12 x"));
}

TEST(LogLines, ClockGoesRoundInEveryZone) {
  EXPECT_EQ(clock_text(0, minutes{-60}), "23:00:00");
  EXPECT_EQ(clock_text(86'399, minutes{1}), "00:00:59");
}

}  // namespace
}  // namespace sluice::monitor
