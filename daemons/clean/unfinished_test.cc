#include "unfinished.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::clean {
namespace {

TEST(UnfinishedBodies, AreRemovedOnceNobodyCanBeWritingThem) {
  char name[] = "/tmp/sluice-unfinished-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string queue = name;
  const WallTime now = wall_from_millis(1'800'000'000'000);
  std::filesystem::create_directory(queue + "/pid");
  const auto make = [&](const char* file, Seconds age) {
    const std::string path = queue + "/pid/" + file;
    std::ofstream(path) << "x";
    const timespec then{to_seconds(now) - age.count(), 0};
    const timespec times[] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  };
  make("old", kUnfinishedAge);
  make("young", kUnfinishedAge - Seconds{1});
  EXPECT_EQ(remove_unfinished(queue, now), 1U);
  EXPECT_FALSE(std::filesystem::exists(queue + "/pid/old"));
  EXPECT_TRUE(std::filesystem::exists(queue + "/pid/young"));
  std::filesystem::remove_all(queue);
}

TEST(UnfinishedBodies, OfAQueueWithoutTheirDirectoryAreNone) {
  EXPECT_EQ(remove_unfinished("/nonexistent", WallTime{}), 0U);
}

}  // namespace
}  // namespace sluice::clean
