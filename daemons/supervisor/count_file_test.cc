#include "count_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::supervisor {
namespace {

class CountFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/count-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void put(const std::string& text) { std::ofstream(directory_ + "/qcount") << text; }

  std::string directory_;
};

TEST_F(CountFile, ThatIsNotThereIsNoCount) { EXPECT_EQ(read_count(directory_, "qcount").value(), std::nullopt); }

TEST_F(CountFile, KeepsWhatWasWrittenLast) {
  ASSERT_TRUE(write_count(directory_, "qcount", 7));
  ASSERT_TRUE(write_count(directory_, "qcount", 12));
  EXPECT_EQ(read_count(directory_, "qcount").value(), 12u);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/qcount.new"));
}

TEST_F(CountFile, IsReadAsOthersWriteIt) {
  put("3");
  EXPECT_EQ(read_count(directory_, "qcount").value(), 3u);
  put("4 \nmore\n");
  EXPECT_EQ(read_count(directory_, "qcount").value(), 4u);
}

TEST_F(CountFile, NonsenseInItIsAnErrorAndNotACount) {
  for (const char* text : {"", "\n", "0\n", "1024\n", "-1\n", "two\n", "3x\n", "99999999999999999999\n"}) {
    put(text);
    EXPECT_FALSE(read_count(directory_, "qcount")) << text;
  }
}

TEST_F(CountFile, RemainsOfAKilledWriterAreReplaced) {
  std::ofstream(directory_ + "/qcount.new") << "99";
  ASSERT_TRUE(write_count(directory_, "qcount", 2));
  EXPECT_EQ(read_count(directory_, "qcount").value(), 2u);
}

TEST_F(CountFile, ThatCannotBeWrittenIsAnError) { EXPECT_FALSE(write_count(directory_ + "/none", "qcount", 2)); }

}  // namespace
}  // namespace sluice::supervisor
