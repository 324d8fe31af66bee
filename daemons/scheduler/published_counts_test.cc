#include "published_counts.h"

#include <gtest/gtest.h>
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

}  // namespace
}  // namespace sluice::scheduler
