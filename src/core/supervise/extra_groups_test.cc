#include "core/supervise/extra_groups.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

TEST(ExtraGroups, AreNobodysUnlessAskedFor) {
  EXPECT_FALSE(keeps_groups("", "qmailr"));
  EXPECT_FALSE(keeps_groups("0", "qmailr"));
}

TEST(ExtraGroups, AreEverybodysWithOne) {
  for (const char* user : {"qmails", "qmailr", "qmailq", "qmaill"}) EXPECT_TRUE(keeps_groups("1", user)) << user;
}

TEST(ExtraGroups, AreThoseOfTheUsersThatAreNamed) {
  EXPECT_TRUE(keeps_groups("qmailr", "qmailr"));
  EXPECT_TRUE(keeps_groups("qmailq:qmailr", "qmailr"));
  EXPECT_FALSE(keeps_groups("qmailq:qmailrx::", "qmailr"));
}

TEST(ExtraGroups, AreNeverThoseOfOtherUsers) {
  EXPECT_FALSE(keeps_groups("1", "root"));
  EXPECT_FALSE(keeps_groups("root:qmaild", "root"));
  EXPECT_FALSE(keeps_groups("root:qmaild", "qmaild"));
}

}  // namespace
}  // namespace sluice::supervise
