#include "batch_commits.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sluice::mailbox_delivery {
namespace {

class BatchCommitsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-commits-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    home_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  std::unique_ptr<MaildirBatch> batch(std::uint64_t first, std::uint64_t letters) {
    auto made = std::make_unique<MaildirBatch>("host", sequence_);
    for (std::uint64_t number = first; number < first + letters; ++number) {
      made->begin_letter(number);
      made->add(home_, home_ + "/box/", {"H: h\n", mail::LineForm::kLf, [] { return Octets{}; }});
    }
    return made;
  }
  std::size_t delivered() const {
    const std::filesystem::directory_iterator files(home_ + "/box/new");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  std::string home_;
  std::uint64_t sequence_ = 0;
  net::Loop loop_;
  std::vector<std::uint64_t> done_;
};

TEST_F(BatchCommitsTest, OutcomesComeInTheLoopWhenTheMessagesAreThere) {
  BatchCommits commits(loop_, [&](BatchCommits::Outcomes outcomes) {
    EXPECT_EQ(delivered(), 20u);
    for (const auto& [number, outcome] : outcomes) done_.push_back(number);
    loop_.stop();
  });
  net::Timer patience(loop_, [this] { loop_.stop(); });
  patience.set_after(Seconds{60});
  commits.start(batch(0, 20));
  EXPECT_TRUE(commits.busy());
  EXPECT_TRUE(done_.empty());
  loop_.run();
  EXPECT_EQ(done_.size(), 20u);
  EXPECT_FALSE(commits.busy());
}

TEST_F(BatchCommitsTest, WhoWaitsGetsEachOutcomeOnceAlthoughTheThreadTellsOfItToo) {
  BatchCommits commits(loop_, [&](BatchCommits::Outcomes outcomes) {
    for (const auto& [number, outcome] : outcomes) done_.push_back(number);
    if (done_.size() == 3) loop_.stop();
  });
  net::Timer patience(loop_, [this] { loop_.stop(); });
  patience.set_after(Seconds{60});
  commits.start(batch(1, 2));
  commits.wait();
  EXPECT_EQ(done_.size(), 2u);
  commits.start(batch(3, 1));
  loop_.run();
  EXPECT_EQ(done_, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(BatchCommitsTest, ABatchThatIsUnderWayIsFinishedBeforeTheEnd) {
  {
    BatchCommits commits(loop_, [](const BatchCommits::Outcomes&) {});
    commits.start(batch(0, 5));
  }
  EXPECT_EQ(delivered(), 5u);
}

}  // namespace
}  // namespace sluice::mailbox_delivery
