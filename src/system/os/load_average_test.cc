#include "system/os/load_average.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace sluice::os {
namespace {

TEST(LoadAverages, AreTheFirstWordOfTheText) {
  EXPECT_EQ(parse_load_average("0.42 1.00 2.00 1/100 4711\n"), 0.42);
  EXPECT_EQ(parse_load_average("12"), 12.0);
  EXPECT_EQ(parse_load_average("7\n"), 7.0);
  for (const char* bad : {"", " 1", "x", "-1", "nan", "inf", "1,5", "1.5x", "1e999"})
    EXPECT_EQ(parse_load_average(bad), std::nullopt) << bad;
}

class LoadAverageOfAFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-load-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/load";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void write(const std::string& text) { std::ofstream(path_) << text; }
  std::string directory_, path_;
  MonoTime now_{};
};

TEST_F(LoadAverageOfAFile, IsReadAtMostEveryFewSeconds) {
  LoadAverage load(path_);
  write("1.5 0 0\n");
  EXPECT_EQ(load.at(now_), 1.5);
  write("9 0 0\n");
  EXPECT_EQ(load.at(now_ + LoadAverage::kFresh - Duration{1}), 1.5);
  EXPECT_EQ(load.at(now_ + LoadAverage::kFresh), 9.0);
}

TEST_F(LoadAverageOfAFile, IsUnknownWhileTheFileIsMissingOrMeaningless) {
  LoadAverage load(path_);
  EXPECT_EQ(load.at(now_), std::nullopt);
  write("busy\n");
  EXPECT_EQ(load.at(now_ += LoadAverage::kFresh), std::nullopt);
  write("2\n");
  EXPECT_EQ(load.at(now_ += LoadAverage::kFresh), 2.0);
  LoadAverage of_a_directory(directory_);
  EXPECT_EQ(of_a_directory.at(now_), std::nullopt);
}

TEST_F(LoadAverageOfAFile, AnotherSourceCountsAtOnce) {
  write("2\n");
  LoadAverage load("/nonexistent");
  EXPECT_EQ(load.at(now_), std::nullopt);
  load.set_source(path_);
  EXPECT_EQ(load.at(now_), 2.0);
}

TEST(LoadAverageOfTheMachine, IsKnown) { EXPECT_TRUE(LoadAverage("/proc/loadavg").at(MonoTime{})); }

}  // namespace
}  // namespace sluice::os
