#include "maildir_batch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::mailbox_delivery {
namespace {

namespace fs = std::filesystem;

class MaildirBatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-batch-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    home_ = pattern;
  }
  void TearDown() override { fs::remove_all(home_); }

  std::string box(const std::string& name) const { return home_ + "/" + name + "/"; }
  void add(MaildirBatch& batch, const std::string& path, const std::string& text) {
    bool given = false;
    const mailbox::Source source = [&]() -> Result<Octets, std::string> {
      return std::exchange(given, true) ? Octets{} : Octets(text);
    };
    batch.add(home_, path, {"H: h\n", mail::LineForm::kCrlf, source});
  }
  static std::vector<std::string> contents(const std::string& directory) {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(directory)) {
      std::ifstream file(entry.path(), std::ios::binary);
      result.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  std::string home_;
  std::uint64_t sequence_ = 0;
};

TEST_F(MaildirBatchTest, EveryLetterIsThereOnceAndAnsweredInOrder) {
  MaildirBatch batch("host", sequence_);
  for (std::uint64_t number = 0; number < 100; ++number) {
    batch.begin_letter(number);
    add(batch, box("a"), "x\r\n");
  }
  EXPECT_EQ(batch.drafts(), 100u);
  EXPECT_TRUE(contents(box("a") + "new").empty());
  const auto outcomes = batch.commit();
  ASSERT_EQ(outcomes.size(), 100u);
  for (std::uint64_t number = 0; number < 100; ++number) {
    EXPECT_EQ(outcomes[number].first, number);
    EXPECT_EQ(outcomes[number].second.text, "did 1+0+0");
  }
  EXPECT_EQ(contents(box("a") + "new"), std::vector<std::string>(100, "H: h\nx\n"));
  EXPECT_TRUE(contents(box("a") + "tmp").empty());
  EXPECT_TRUE(batch.empty());
}

TEST_F(MaildirBatchTest, LetterForTwoMaildirsIsInBothOrInNone) {
  std::ofstream(home_ + "/file");
  MaildirBatch batch("host", sequence_);
  batch.begin_letter(1);
  add(batch, box("a"), "one\r\n");
  add(batch, box("b"), "one\r\n");
  batch.begin_letter(2);
  add(batch, box("a"), "two\r\n");
  add(batch, home_ + "/file/", "two\r\n");
  const auto outcomes = batch.commit();
  EXPECT_EQ(outcomes[0].second.text, "did 2+0+0");
  EXPECT_EQ(outcomes[1].second.verdict, mail::Verdict::kDeferred);
  EXPECT_EQ(contents(box("a") + "new"), std::vector<std::string>{"H: h\none\n"});
  EXPECT_EQ(contents(box("b") + "new"), std::vector<std::string>{"H: h\none\n"});
  EXPECT_TRUE(contents(box("a") + "tmp").empty());
}

TEST_F(MaildirBatchTest, WhatCannotBePublishedIsTakenBackEverywhere) {
  MaildirBatch batch("host", sequence_);
  batch.begin_letter(1);
  add(batch, box("a"), "one\r\n");
  add(batch, box("b"), "one\r\n");
  fs::remove_all(box("b") + "new");
  EXPECT_EQ(batch.commit()[0].second.verdict, mail::Verdict::kDeferred);
  EXPECT_TRUE(contents(box("a") + "new").empty());
}

TEST_F(MaildirBatchTest, LetterWithoutInstructionsIsDelivered) {
  MaildirBatch batch("host", sequence_);
  batch.begin_letter(7);
  EXPECT_EQ(batch.commit()[0].second.text, "did 0+0+0");
}

TEST_F(MaildirBatchTest, BatchThatIsNotCommittedLeavesNothing) {
  {
    MaildirBatch batch("host", sequence_);
    batch.begin_letter(1);
    add(batch, box("a"), "one\r\n");
  }
  EXPECT_TRUE(contents(box("a") + "tmp").empty());
  EXPECT_TRUE(contents(box("a") + "new").empty());
}

}  // namespace
}  // namespace sluice::mailbox_delivery
