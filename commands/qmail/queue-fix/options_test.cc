#include "options.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::queue_fix {
namespace {

Result<Options, std::string> parse_words(std::vector<std::string> words) {
  words.insert(words.begin(), "queue-fix");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse(static_cast<int>(words.size()), argv.data());
}

TEST(QueueFixOptions, AreReadInAnyOrderAndBundle) {
  const auto options = parse_words({"-ivr", "-s", "23", "-b0", "-S", "4096", "/q/queue1"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->ask && options->verbose && options->rate_limit);
  EXPECT_FALSE(options->change_nothing);
  EXPECT_EQ(options->split, 23u);
  EXPECT_EQ(options->big_todo, false);
  EXPECT_EQ(options->tcpto, 4096u);
  EXPECT_EQ(options->directory, "/q/queue1");
}

TEST(QueueFixOptions, LeaveSplitAndBigTodoToTheSettingsWhenNotGiven) {
  const auto options = parse_words({"-N", "-t", "queue1"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->change_nothing);
  EXPECT_EQ(options->split, std::nullopt);
  EXPECT_EQ(options->big_todo, std::nullopt);
}

TEST(QueueFixOptions, NameTheDirectoryOfAnExport) {
  const auto options = parse_words({"-m", "--export", "/tmp/plain", "-s23", "-b", "0", "queue1"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->one_user);
  EXPECT_EQ(options->export_to, "/tmp/plain");
  EXPECT_EQ(options->directory, "queue1");
  EXPECT_EQ(parse_words({"q", "--export"}).error(), "one queue at a time");
  EXPECT_EQ(parse_words({"--export"}).error(), "option --export needs a value");
}

TEST(QueueFixOptions, AreRefusedWithASentence) {
  EXPECT_EQ(parse_words({"-x", "q"}).error(), "unknown option -x");
  EXPECT_EQ(parse_words({"-i", "--word", "q"}).error(), "unknown option --word");
  EXPECT_EQ(parse_words({"-s"}).error(), "option -s needs a value");
  EXPECT_EQ(parse_words({"-s", "152", "q"}).error(), "-s 152: the split is a number from 1 to 151");
  EXPECT_EQ(parse_words({"-b", "yes", "q"}).error(), "-b yes: 1 splits todo and intd, 0 does not");
  EXPECT_EQ(parse_words({}).error(), "no queue directory given");
  EXPECT_EQ(parse_words({"a", "b"}).error(), "one queue at a time");
}

}  // namespace
}  // namespace sluice::queue_fix
