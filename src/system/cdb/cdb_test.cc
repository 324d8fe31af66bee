#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "system/cdb/reader.h"
#include "system/cdb/writer.h"

namespace sluice::cdb {
namespace {

namespace fs = std::filesystem;

class CdbTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-cdb-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    directory_ = pattern;
    path_ = directory_ + "/x.cdb";
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(int records, mode_t mode = 0644) {
    auto writer = Writer::create(path_, mode);
    ASSERT_TRUE(writer) << writer.error();
    for (int i = 0; i < records; ++i) ASSERT_TRUE(writer->add("key" + std::to_string(i), "value" + std::to_string(i)));
    ASSERT_TRUE(writer->add("", ""));
    ASSERT_TRUE(writer->add("key1", "later"));
    const auto committed = writer->commit();
    ASSERT_TRUE(committed) << committed.error();
  }
  std::string content() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string directory_, path_;
};

TEST_F(CdbTest, WhatWasWrittenIsFound) {
  write(1000);
  const auto reader = Reader::open(path_);
  ASSERT_TRUE(reader && *reader);
  EXPECT_EQ((*reader)->find("key999"), "value999");
  EXPECT_EQ((*reader)->find("key1"), "value1");
  EXPECT_EQ((*reader)->find(""), "");
  EXPECT_EQ(*(*reader)->find("nothing"), std::nullopt);
}

TEST_F(CdbTest, MissingFileIsNoneAndOthersAreErrors) {
  EXPECT_EQ(Reader::open(path_)->has_value(), false);
  std::ofstream(path_) << "short";
  EXPECT_FALSE(Reader::open(path_));
  EXPECT_FALSE(Reader::open(directory_));
  fs::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(Reader::open(path_));
  EXPECT_EQ(*Reader().find("x"), std::nullopt);
}

TEST_F(CdbTest, OldReaderKeepsItsFileAndKnowsThatThereIsANewOne) {
  EXPECT_FALSE(Reader().outdated(path_));
  write(1);
  EXPECT_TRUE(Reader().outdated(path_));
  const auto old = std::move(*Reader::open(path_));
  EXPECT_FALSE(old->outdated(path_));
  write(2);
  EXPECT_TRUE(old->outdated(path_));
  EXPECT_EQ(*old->find("key0"), "value0");
  fs::remove(path_);
  EXPECT_TRUE(old->outdated(path_));
}

TEST_F(CdbTest, WithoutCommitNothingHasHappened) {
  write(1);
  const std::string before = content();
  {
    auto writer = Writer::create(path_, 0644);
    ASSERT_TRUE(writer->add("a", "b"));
  }
  EXPECT_EQ(content(), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
}

TEST_F(CdbTest, ModeIsAsAskedWhateverTheUmask) {
  const mode_t old = ::umask(0077);
  write(1);
  ::umask(old);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0644));
}

TEST_F(CdbTest, DirectoryThatIsMissingIsAnError) { EXPECT_FALSE(Writer::create(directory_ + "/none/x", 0644)); }

TEST_F(CdbTest, DamagedFileNeverLeadsOutsideOfIt) {
  write(50);
  const std::string good = content();
  std::mt19937 chance(1);  // NOLINT: the same damage each time
  for (int round = 0; round < 300; ++round) {
    std::string damaged = good;
    for (int i = 0; i < 40; ++i) {
      // Most of it where positions and lengths are: the table of tables at the front, the tables at the end.
      const std::size_t at = chance() % 3 == 0   ? chance() % damaged.size()
                             : chance() % 2 == 0 ? chance() % 2048
                                                 : damaged.size() - 1 - chance() % 900;
      damaged[at] = static_cast<char>(chance() % 4 == 0 ? 0xff : chance());
    }
    if (round % 10 == 0) damaged.resize(2048 + chance() % (damaged.size() - 2048));
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << damaged;
    const auto reader = Reader::open(path_);
    if (!reader || !*reader) continue;
    for (int i = 0; i < 50; ++i) {
      const auto value = (*reader)->find("key" + std::to_string(i));
      EXPECT_TRUE(!value || !*value || (*value)->size() <= damaged.size());
    }
  }
}

}  // namespace
}  // namespace sluice::cdb
