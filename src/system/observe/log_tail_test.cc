#include "system/observe/log_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sluice::observe {
namespace {

using testing::ElementsAre;

class LogTail : public testing::Test {
 protected:
  LogTail() { ::mkdtemp(directory_.data()); }
  ~LogTail() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + '/' + name, std::ios::binary) << text;
    return directory_ + '/' + name;
  }
  std::string directory_ = testing::TempDir() + "log-tail-XXXXXX";
};

TEST_F(LogTail, IsTheEndOfALargeFile) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + '\n';
  EXPECT_THAT(*read_log_tail(write("log", text), 2, {}), ElementsAre("line 19998", "line 19999"));
}

TEST_F(LogTail, ADirectoryMeansItsCurrentFile) {
  write("current", "one\n");
  EXPECT_THAT(*read_log_tail(log_file(directory_), 9, {}), ElementsAre("one"));
  EXPECT_EQ(log_file("/nowhere/at/all"), "/nowhere/at/all");
}

TEST_F(LogTail, WhatIsNoFileIsNamedAndNotWaitedFor) {
  const std::string fifo = directory_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(read_log_tail(fifo, 9, {}));
  EXPECT_FALSE(read_log_tail(directory_ + "/missing", 9, {}));
}

}  // namespace
}  // namespace sluice::observe
