#include "todo_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::supervisor {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TodoLook : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/look-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
  }
  void TearDown() override { fs::remove_all(base_); }
  void make(const std::string& directory) { fs::create_directories(base_ / directory); }
  void put(const std::string& file) { std::ofstream(base_ / file) << "x"; }

  fs::path base_;
};

TEST_F(TodoLook, FindsMailWhereverTheSplitPutsIt) {
  make("queue1/todo/7");
  EXPECT_THAT(todo_names(base_ / "queue1", 10), IsEmpty());
  put("queue1/todo/7/1234");
  put("queue1/todo/99");
  EXPECT_THAT(todo_names(base_ / "queue1", 10), ElementsAre("7/1234", "99"));
  EXPECT_EQ(todo_names(base_ / "queue1", 1).size(), 1u);
}

TEST_F(TodoLook, FollowsNoLinks) {
  make("elsewhere");
  put("elsewhere/1");
  make("queue1");
  fs::create_directory_symlink(base_ / "elsewhere", base_ / "queue1/todo");
  EXPECT_THAT(todo_names(base_ / "queue1", 10), IsEmpty());
  make("queue2/todo");
  fs::create_directory_symlink(base_ / "elsewhere", base_ / "queue2/todo/3");
  EXPECT_THAT(todo_names(base_ / "queue2", 10), ElementsAre("3"));
}

}  // namespace
}  // namespace sluice::supervisor
