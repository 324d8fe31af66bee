#include "system/standstill/anchored_disk.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "system/standstill/read_only_disk.h"

namespace sluice::standstill {
namespace {

namespace fs = std::filesystem;
using store::Disk;

class ADirectory : public testing::Test {
 protected:
  ADirectory() {
    std::string name = fs::temp_directory_path() / "anchored-XXXXXX";
    root = ::mkdtemp(name.data());
    fs::create_directories(root / "queue/mess/0");
    fs::create_directories(root / "elsewhere/0");
    std::ofstream(root / "queue/mess/0/12") << "mail";
    std::ofstream(root / "elsewhere/0/12") << "secret";
    queue = root / "queue";
  }
  ~ADirectory() override { fs::remove_all(root); }

  fs::path root;
  std::string queue;
};

TEST_F(ADirectory, IsWorkedInByWholePaths) {
  AnchoredDisk disk(queue);
  EXPECT_EQ(disk.list(queue + "/mess/0").value(), std::vector<std::string>{"12"});
  EXPECT_TRUE(disk.link(queue + "/mess/0/12", queue + "/mess/0/13"));
  EXPECT_TRUE(disk.rename(queue + "/mess/0/13", queue + "/mess/14"));
  EXPECT_TRUE(disk.sync_directory(queue + "/mess"));
  EXPECT_TRUE(disk.remove(queue + "/mess/14"));
  EXPECT_TRUE(disk.make_directory(queue + "/quarantine", 0700));
  EXPECT_TRUE(disk.remove_directory(queue + "/quarantine"));
  EXPECT_EQ((*disk.open(queue + "/mess/0/12", Disk::Open::kRead, 0))->facts()->size, 4u);
}

TEST_F(ADirectory, IsNotLeftThroughLinks) {
  fs::remove_all(root / "queue/mess/0");
  fs::create_directory_symlink(root / "elsewhere/0", root / "queue/mess/0");
  fs::create_symlink(root / "elsewhere/0/12", root / "queue/mess/13");
  AnchoredDisk disk(queue);
  EXPECT_FALSE(disk.list(queue + "/mess/0"));
  EXPECT_FALSE(disk.open(queue + "/mess/0/12", Disk::Open::kRead, 0));
  EXPECT_FALSE(disk.open(queue + "/mess/13", Disk::Open::kRead, 0));
  EXPECT_FALSE(disk.rename(queue + "/mess/0/12", queue + "/mess/15"));
  EXPECT_FALSE(disk.remove(queue + "/mess/0/12"));
  EXPECT_EQ(disk.list(queue + "/mess/../../elsewhere").error(), EINVAL);
  EXPECT_EQ(disk.list(root / "elsewhere").error(), EINVAL);
  EXPECT_TRUE(fs::exists(root / "elsewhere/0/12"));
}

TEST_F(ADirectory, IsHeldByOneAtATime) {
  AnchoredDisk disk(queue);
  auto held = disk.lock(queue + "/mess/0/12");
  ASSERT_TRUE(held);
  EXPECT_EQ(AnchoredDisk(queue).lock(queue + "/mess/0/12").error(), EWOULDBLOCK);
  held->reset();
  EXPECT_TRUE(disk.lock(queue + "/mess/0/12"));
}

TEST_F(ADirectory, DoesNotChangeWhenItIsOnlyRead) {
  AnchoredDisk anchored(queue);
  ReadOnlyDisk disk(anchored);
  EXPECT_TRUE(disk.remove(queue + "/mess/0/12"));
  auto file = disk.open(queue + "/mess/0/12", Disk::Open::kReadWrite, 0);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->truncate(0));
  EXPECT_EQ((*file)->facts()->size, 4u);
  EXPECT_EQ(disk.open(queue + "/mess/0/99", Disk::Open::kCreate, 0600).error(), EEXIST);
}

}  // namespace
}  // namespace sluice::standstill
