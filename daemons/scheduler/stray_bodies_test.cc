#include "stray_bodies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::scheduler {
namespace {

class StrayBodies : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-stray-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    queue_ = name;
    for (const char* part : {"mess/0", "mess/1", "info/0", "info/1", "todo/0", "todo/1"})
      std::filesystem::create_directories(queue_ + '/' + part);
  }
  void TearDown() override { std::filesystem::remove_all(queue_); }

  // A body file as qmail-intake names it, last written `age` ago.
  std::uint64_t body(Seconds age) {
    const std::string made = queue_ + "/made";
    std::ofstream(made) << "x";
    struct stat status {};
    EXPECT_EQ(::stat(made.c_str(), &status), 0);
    const std::uint64_t number = status.st_ino;
    const std::string path = fmt::format("{}/mess/{}/{}", queue_, number % 2, number);
    std::filesystem::rename(made, path);
    const timespec then{to_seconds(now_) - age.count(), 0};
    const timespec times[] = {then, then};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    return number;
  }
  std::vector<std::uint64_t> find(const boost::unordered_flat_set<std::uint64_t>& needed = {}) {
    return stray_bodies(queue_, 2, needed, now_);
  }

  const WallTime now_ = wall_from_millis(1'800'000'000'000);
  std::string queue_;
};

TEST_F(StrayBodies, AreOldFilesThatNoMessageNeeds) {
  const std::uint64_t stray = body(kStrayAge + Seconds{1}), needed = body(kStrayAge + Seconds{1});
  EXPECT_EQ(find({needed}), std::vector<std::uint64_t>{stray});
}

TEST_F(StrayBodies, AreNotYoungFiles) {
  body(kStrayAge - Seconds{1});
  EXPECT_TRUE(find().empty());
}

TEST_F(StrayBodies, AreNotMessagesOfQmailsOwnKind) {
  const std::uint64_t queued = body(kStrayAge * 2), injected = body(kStrayAge * 2);
  std::ofstream(fmt::format("{}/info/{}/{}", queue_, queued % 2, queued)) << "F";
  std::ofstream(fmt::format("{}/todo/{}", queue_, injected)) << "F";
  EXPECT_TRUE(find().empty());
}

TEST_F(StrayBodies, AreNotOldFilesThatWereTouchedAsTheyWereTakenOver) {
  const std::uint64_t number = body(kStrayAge * 2);
  const timespec times[] = {{to_seconds(now_), 0}, {0, UTIME_OMIT}};
  ASSERT_EQ(::utimensat(AT_FDCWD, fmt::format("{}/mess/{}/{}", queue_, number % 2, number).c_str(), times, 0), 0);
  EXPECT_TRUE(find().empty());
}

TEST_F(StrayBodies, AreNotFilesUnderAnotherName) {
  const std::uint64_t number = body(kStrayAge * 2);
  const std::string directory = fmt::format("{}/mess/{}/", queue_, number % 2);
  std::filesystem::rename(directory + std::to_string(number), directory + std::to_string(number + 1));
  EXPECT_TRUE(find().empty());
}

}  // namespace
}  // namespace sluice::scheduler
