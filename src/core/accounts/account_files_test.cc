#include "core/accounts/account_files.h"

#include <gtest/gtest.h>

namespace sluice::accounts {

namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a comment\n"
    "+nis::::::\n"
    "-@no:x:5:5::/:\n"
    "short:x:7:7:/home\n"
    "long:x:7:7:g:/h:/s:more\n"
    "negative:x:-1:7::/:\n"
    "nobody32:x:4294967295:7::/:\n"
    "empty:x::7::/:\n"
    "qmails:x:1001:2001:Queue, send:/var/qmail:/bin/false\n"
    "qmails:x:6:6:second:/:/\n"
    "twin:x:1001:2001::/twin:\n"
    "last:x:9:9::/last:/bin/sh";

constexpr std::string_view kGroup =
    "root:x:0:\n"
    "qmail:x:2001:\n"
    "a:x:3001:x,qmails\n"
    "b:x:3002:qmailsx,xqmails,qmail\n"
    "c:x:3003:qmails\n"
    "again:x:3001:qmails\n"
    "own:x:2001:qmails\n"
    "bad:x:z:qmails\n"
    "bad2:x:1:qmails:x\n"
    "d:x:3004:,qmails,";

TEST(AccountFiles, AUserIsFoundByNameAndNumber) {
  const auto user = find_user(kPasswd, "qmails");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, 1001U);
  EXPECT_EQ(user->gid, 2001U);
  EXPECT_EQ(user->gecos, "Queue, send");
  EXPECT_EQ(user->home, "/var/qmail");
  EXPECT_EQ(user->shell, "/bin/false");
  EXPECT_EQ(find_user(kPasswd, 1001)->name, "qmails");
}

TEST(AccountFiles, TheLastLineNeedsNoLineFeed) {
  EXPECT_EQ(find_user(kPasswd, "last")->home, "/last");
  EXPECT_EQ(find_group(kGroup, "d")->gid, 3004U);
}

TEST(AccountFiles, LinesThatAreNotWholeAreNoEntries) {
  for (const char* name : {"short", "long", "negative", "nobody32", "empty", "+nis", "-@no", "# a comment", ""})
    EXPECT_FALSE(find_user(kPasswd, name)) << name;
  EXPECT_FALSE(find_group(kGroup, "bad"));
  EXPECT_FALSE(find_group(kGroup, "bad2"));
  EXPECT_FALSE(parse_passwd_line(std::string_view("a:x:1:1::/\0:/", 13)));
}

TEST(AccountFiles, ALongNumberDoesNotWrapAround) {
  EXPECT_FALSE(parse_passwd_line("a:x:4294967296:1::/:"));
  EXPECT_FALSE(parse_passwd_line("a:x:0x0:1::/:"));
  EXPECT_FALSE(parse_passwd_line("a:x: 0:1::/:"));
}

TEST(AccountFiles, AUserHasItsPrimaryGroupAndThoseThatNameIt) {
  EXPECT_EQ(groups_of(kGroup, "qmails", 2001), (std::vector<std::uint32_t>{2001, 3001, 3003, 3004}));
  EXPECT_EQ(groups_of(kGroup, "stranger", 5), (std::vector<std::uint32_t>{5}));
}

TEST(AccountFiles, AnEmptyFileHasNobody) {
  EXPECT_FALSE(find_user("", "root"));
  EXPECT_FALSE(find_group("", std::uint32_t{0}));
  EXPECT_EQ(groups_of("", "root", 0), (std::vector<std::uint32_t>{0}));
}

}  // namespace

}  // namespace sluice::accounts
