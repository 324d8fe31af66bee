#include "unfinished.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::clean {
namespace {

class Unfinished : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-unfinished-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    queue_ = name;
    for (const char* directory : {"pid", "intd/1", "todo/1"})
      std::filesystem::create_directories(queue_ + '/' + directory);
  }
  void TearDown() override { std::filesystem::remove_all(queue_); }

  void make(const std::string& file, Seconds age) {
    const std::string path = queue_ + '/' + file;
    std::ofstream(path) << "x";
    const timespec then{to_seconds(now_) - age.count(), 0};
    const timespec times[] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  bool exists(const std::string& file) const { return std::filesystem::exists(queue_ + '/' + file); }

  const WallTime now_ = wall_from_millis(1'800'000'000'000);
  std::string queue_;
};

TEST_F(Unfinished, BodiesAreRemovedOnceNobodyCanBeWritingThem) {
  make("pid/old", kUnfinishedAge);
  make("pid/young", kUnfinishedAge - Seconds{1});
  EXPECT_EQ(remove_unfinished(queue_, now_), 1U);
  EXPECT_FALSE(exists("pid/old"));
  EXPECT_TRUE(exists("pid/young"));
}

TEST_F(Unfinished, EnvelopesAreRemovedInBothWaysOfKeepingThem) {
  make("intd/1/1001", kUnfinishedAge);
  make("intd/1002", kUnfinishedAge);
  make("intd/1/1003", kUnfinishedAge - Seconds{1});
  EXPECT_EQ(remove_unfinished(queue_, now_), 2U);
  EXPECT_TRUE(exists("intd/1/1003"));
}

TEST_F(Unfinished, EnvelopesAreNotThoseOfAcceptedMessages) {
  make("intd/1/1001", kUnfinishedAge);
  make("todo/1/1001", kUnfinishedAge);
  make("intd/1002", kUnfinishedAge);
  make("todo/1002", kUnfinishedAge);
  EXPECT_EQ(remove_unfinished(queue_, now_), 0U);
}

TEST(UnfinishedFiles, OfAQueueWithoutTheirDirectoriesAreNone) {
  EXPECT_EQ(remove_unfinished("/nonexistent", WallTime{}), 0U);
}

}  // namespace
}  // namespace sluice::clean
