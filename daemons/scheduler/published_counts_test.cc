#include "published_counts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::scheduler {
namespace {

using Status = schedule::ChannelStatus;

class Published : public testing::Test {
 protected:
  Published() : counts_(name_) {}
  ~Published() override { counts_.remove(); }

  std::optional<link::QueueCounts> seen() const {
    const auto object = ipc::SharedCounts::open(name_, ipc::SharedCounts::Use::kRead);
    return object ? object->get<link::QueueCounts>() : std::nullopt;
  }

  const std::string name_ = "/published-counts-test-" + std::to_string(::getpid());
  PublishedCounts counts_;
};

TEST_F(Published, CountLmtpAsRemoteWhereMailIsRoutedToIt) {
  const Status remote{120, 0}, lmtp{30, 30};
  counts_.put({5, 10}, use_of_remote(remote, lmtp, true));
  const auto now = seen();
  ASSERT_TRUE(now);
  EXPECT_EQ(*now, (link::QueueCounts{5, 30, 10, 150, 0}));
  EXPECT_EQ(now->load(), 50u + 20u);
}

TEST_F(Published, OfASiteWithLmtpOnlyShowItsWholeLoad) {
  counts_.put({0, 10}, use_of_remote(Status{0, 0}, Status{30, 30}, true));
  ASSERT_TRUE(seen());
  EXPECT_EQ(seen()->load(), 100u);
}

TEST_F(Published, LeaveLmtpOutWhereNothingIsRoutedToIt) {
  counts_.put({1, 10}, use_of_remote(Status{120, 60}, Status{30, 0}, false));
  EXPECT_EQ(seen(), (link::QueueCounts{1, 60, 10, 120, 0}));
}

TEST_F(Published, CountWhatIsStillInFlightAfterTheLastRouteWasTakenAway) {
  counts_.put({1, 10}, use_of_remote(Status{120, 60}, Status{30, 3}, false));
  EXPECT_EQ(seen(), (link::QueueCounts{1, 63, 10, 150, 0}));
}

TEST(PublishedLater, AreSeenWhenWhatWasInTheWayIsGone) {
  const std::string name = "/published-later-test-" + std::to_string(::getpid());
  const std::string obstacle = "/dev/shm" + name;
  ASSERT_EQ(::mkdir(obstacle.c_str(), 0700), 0);
  PublishedCounts counts(name);
  counts.put({1, 10}, {2, 20});
  EXPECT_FALSE(counts.try_again());
  ASSERT_EQ(::rmdir(obstacle.c_str()), 0);
  EXPECT_TRUE(counts.try_again());
  counts.put({1, 10}, {2, 20});
  const auto object = ipc::SharedCounts::open(name, ipc::SharedCounts::Use::kRead);
  ASSERT_TRUE(object) << object.error();
  EXPECT_EQ(object->get<link::QueueCounts>(), (link::QueueCounts{1, 2, 10, 20, 0}));
  counts.remove();
}

}  // namespace
}  // namespace sluice::scheduler
