#include "system/os/account_reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace sluice::os {

namespace {

class AccountReaderTest : public ::testing::Test {
 protected:
  AccountReaderTest() {
    char name[] = "/tmp/account-reader-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::ofstream(passwd()) << "root:x:0:0:root:/root:/bin/sh\nqmails:x:7001:7000:Send:/var/qmail:/bin/false\n";
    std::ofstream(group()) << "root:x:0:\nqmail:x:7000:\nextra:x:7005:joe,qmails\n";
  }
  ~AccountReaderTest() override { std::filesystem::remove_all(directory_); }
  std::string passwd() const { return directory_ + "/passwd"; }
  std::string group() const { return directory_ + "/group"; }
  AccountReader reader() const { return {passwd(), group()}; }
  std::string directory_;
};

TEST_F(AccountReaderTest, UsersAndGroupsAreThoseOfTheFiles) {
  const auto user = reader().user("qmails");
  ASSERT_TRUE(user && *user);
  EXPECT_EQ((*user)->uid, 7001U);
  EXPECT_EQ((*user)->home, "/var/qmail");
  EXPECT_EQ((*user)->gecos, "Send");
  EXPECT_EQ((**reader().user(uid_t{7001})).name, "qmails");
  EXPECT_EQ(**reader().group("qmail"), 7000U);
  EXPECT_EQ(**reader().group_name(7005), "extra");
  EXPECT_EQ(*reader().groups_of("qmails", 7000), (std::vector<gid_t>{7000, 7005}));
}

TEST_F(AccountReaderTest, NobodyElseExists) {
  const auto user = reader().user("daemon");
  ASSERT_TRUE(user);
  EXPECT_FALSE(*user);
  EXPECT_FALSE(*reader().group("daemon"));
}

TEST_F(AccountReaderTest, AFileThatCannotBeReadIsToldFromAUserWhoDoesNotExist) {
  std::filesystem::remove(passwd());
  EXPECT_EQ(reader().user("root").error(), ENOENT);
  std::filesystem::create_directory(passwd());
  EXPECT_EQ(reader().user("root").error(), EINVAL);
}

}  // namespace

}  // namespace sluice::os
