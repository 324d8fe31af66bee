#include "system/store/preprocessed_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

class ManyPreprocessedMessages : public testing::Test {
 protected:
  static constexpr std::uint64_t kMessages = 500;
  static constexpr std::uint32_t kSplit = 7;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "preprocessed.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    queue_ = name;
    fs::create_directories(queue_ / "bounce");
    for (std::uint64_t number = 0; number < kMessages; ++number) {
      for (const char* kind : {"info", "local", "remote"}) put(path(kind, number));
      put(queue_ / "bounce" / std::to_string(number));
      places_.push_back({number, static_cast<std::uint32_t>(number % kSplit)});
    }
  }
  void TearDown() override { fs::remove_all(queue_); }

  fs::path path(const char* kind, std::uint64_t number) const {
    return queue_ / kind / std::to_string(number % kSplit) / std::to_string(number);
  }
  static void put(const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(queue_)) count += entry.is_regular_file() ? 1 : 0;
    return count;
  }

  fs::path queue_;
  std::vector<PreprocessedPlace> places_, left_;
  std::vector<std::string> said_;
  const std::function<void(const std::string&)> say_ = [this](const std::string& what) { said_.push_back(what); };
};

TEST_F(ManyPreprocessedMessages, AreAllRemoved) {
  ASSERT_TRUE(remove_preprocessed(posix_disk(), queue_, places_, left_, say_));
  EXPECT_EQ(files(), 0u);
  EXPECT_TRUE(left_.empty());
  EXPECT_TRUE(said_.empty());
}

TEST_F(ManyPreprocessedMessages, KeepTheirInfoFileWhileAnotherOfTheirsIsThere) {
  std::vector<PreprocessedPlace> stuck;
  for (std::uint64_t number = 3; number < kMessages; number += 100) {
    fs::remove(path("remote", number));
    fs::create_directory(path("remote", number));  // which is not removed as a file is
    stuck.push_back(places_[number]);
  }
  ASSERT_TRUE(remove_preprocessed(posix_disk(), queue_, places_, left_, say_));
  EXPECT_EQ(left_, stuck);
  EXPECT_EQ(said_.size(), stuck.size());
  EXPECT_EQ(files(), stuck.size());
  for (const PreprocessedPlace& place : stuck) EXPECT_TRUE(fs::exists(path("info", place.number)));
}

}  // namespace
}  // namespace sluice::store
