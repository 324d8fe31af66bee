// A scheduler whose lanes' limits other queues share: what it says while it waits, and when it stops waiting.
#include <gtest/gtest.h>

#include "core/schedule/driver_for_tests.h"
#include "core/schedule/limit_table.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;

class Post final : public LimitPeers {  // calls lie here until somebody carries them
 public:
  void ring(unsigned column, SharedLimits::Row row) override { calls.emplace_back(column, row); }
  void bury() override {}
  void full() override {}
  std::vector<std::pair<unsigned, SharedLimits::Row>> calls;
};

Policy policy(std::uint32_t lane_limit, std::uint32_t concurrency = 20, std::uint32_t lane_share = 0) {
  Policy policy;
  policy.of(Channel::kRemote).limit = concurrency;
  policy.of(Channel::kRemote).window = {1, lane_limit, lane_limit};
  policy.of(Channel::kRemote).lane_share = lane_share;
  return policy;
}

class TwoQueues : public ::testing::Test {
 protected:
  struct Queue {
    Queue(LimitTable& table, unsigned number, Post& post, const Policy& policy)
        : column(table, number, number, post), driver(policy, &column) {}
    LimitColumn column;
    Driver driver;
  };

  void carry_calls() {
    for (const auto& [column, row] : std::exchange(post.calls, {})) {
      Driver& driver = (column == 1 ? one : other).driver;
      driver.scheduler.limit_freed(row, driver.now);
      driver.plan();
    }
  }
  static std::size_t waiting(const Driver& driver, Reason reason) {
    return driver.scheduler.status(Channel::kRemote).of(reason);
  }

  std::unique_ptr<LimitTable> table = LimitTable::in_memory(5);
  Post post;
  Queue one{*table, 1, post, policy(4)}, other{*table, 2, post, policy(4)};
};

TEST_F(TwoQueues, TheSecondWaitsForTheInstanceAndSaysWhoHoldsTheSlots) {
  one.driver.send_many(4, "site");
  EXPECT_EQ(one.driver.plan(), 4u);
  const std::uint64_t message = other.driver.send("site");
  EXPECT_EQ(other.driver.plan(), 0u);
  const auto job = other.driver.scheduler.explain(MessageId(message))->jobs.front();
  EXPECT_EQ(job.reason, Reason::kInstanceLimit);
  EXPECT_EQ(name_of(job.reason), "instance-limit");
  ASSERT_EQ(job.holders.size(), 1u);
  EXPECT_EQ(job.holders[0].queue, 1u);
  EXPECT_EQ(job.holders[0].attempts, 4u);
  EXPECT_EQ(waiting(other.driver, Reason::kInstanceLimit), 1u);
  EXPECT_EQ(waiting(other.driver, Reason::kChannelSlot), 0u);
}

TEST_F(TwoQueues, ALaneThatWaitsDelaysNoOther) {
  one.driver.send_many(4, "site");
  one.driver.plan();
  other.driver.send_many(3, "site");
  other.driver.send_many(2, "elsewhere");
  EXPECT_EQ(other.driver.plan(), 2u);
  EXPECT_EQ(other.driver.running_to("elsewhere"), 2u);
}

TEST_F(TwoQueues, ACallStartsWhatWaits) {
  one.driver.send_many(8, "site");
  one.driver.plan();
  other.driver.send("site");
  other.driver.plan();
  one.driver.deliver();
  EXPECT_EQ(one.driver.plan(), 0u) << "the slot is the other's";
  carry_calls();
  EXPECT_EQ(other.driver.running_to("site"), 1u);
}

TEST_F(TwoQueues, ALostCallIsMadeGoodWithinASecond) {
  one.driver.send_many(4, "site");
  one.driver.plan();
  other.driver.send("site");
  other.driver.plan();
  one.driver.deliver();
  post.calls.clear();
  EXPECT_EQ(other.driver.pass_until_start(other.driver.now + 1s), 1u);
}

TEST_F(TwoQueues, NothingIsAskedAgainAndAgainWhileNothingWaits) {
  one.driver.send_many(4, "site");
  one.driver.plan();
  const auto message = other.driver.send("site");
  other.driver.plan();
  EXPECT_LE(*other.driver.wake, other.driver.now + 1s);
  other.driver.scheduler.remove(MessageId(message), other.driver.now);
  other.driver.plan();
  EXPECT_FALSE(other.driver.wake);
}

TEST_F(TwoQueues, AMessageThatIsHeldLeavesItsTurnToOthers) {
  one.driver.send_many(5, "site");
  one.driver.plan();
  const auto message = other.driver.send("site");
  other.driver.plan();
  other.driver.scheduler.hold(MessageId(message), other.driver.now);
  one.driver.deliver();
  EXPECT_EQ(one.driver.plan(), 1u);
  EXPECT_TRUE(post.calls.empty());
}

TEST_F(TwoQueues, AHigherLimitIsUsedAtOnce) {
  one.driver.send_many(4, "site");
  one.driver.plan();
  other.driver.send_many(3, "site");
  other.driver.plan();
  other.driver.scheduler.set_policy(policy(6), other.driver.now);
  EXPECT_EQ(other.driver.plan(), 2u);
}

TEST_F(TwoQueues, LocalLanesHaveLimitsOfTheirOwn) {
  for (Driver* driver : {&one.driver, &other.driver}) {
    for (int i = 0; i < 5; ++i) driver->send("joe", "f", 1, Channel::kLocal);
    EXPECT_EQ(driver->plan(), 5u);
  }
}

TEST_F(TwoQueues, ASlotThatAFullChannelCannotUseGoesBackAfterTwoSeconds) {
  one.driver.send_many(8, "site");
  one.driver.plan();
  other.driver.send_many(1, "site");
  other.driver.plan();
  other.driver.scheduler.set_policy(policy(4, 2), other.driver.now);
  other.driver.send_many(2, "slow");
  ASSERT_EQ(other.driver.plan(), 2u);
  one.driver.deliver();
  carry_calls();
  EXPECT_EQ(one.driver.plan(), 0u) << "it is kept for a while";
  EXPECT_EQ(waiting(other.driver, Reason::kChannelSlot), 1u);
  other.driver.pass_until_start(other.driver.now + 2s);
  EXPECT_EQ(one.driver.running.size(), 3u);
  carry_calls();
  EXPECT_EQ(one.driver.running.size(), 4u);
}

// The load that makes dynamic queues grow is that of channels that are full.
TEST(ChannelLoad, ALoneLaneThatFillsItsShareWaitsForASlotOfTheChannel) {
  Driver driver(policy(20, 20, 3));
  driver.send_many(40, "site");
  EXPECT_EQ(driver.plan(), 15u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kChannelSlot), 25u);
}

TEST(ChannelLoad, ALaneThatFillsItsWindowDoesNot) {
  Driver driver(policy(10, 20, 3));
  driver.send_many(40, "site");
  EXPECT_EQ(driver.plan(), 10u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kChannelSlot), 0u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kLaneWindow), 30u);
}

TEST(ChannelLoad, NorDoesOneWhoseLimitOtherQueuesUseUp) {
  const auto table = LimitTable::in_memory(5);
  Post post;
  LimitColumn column(*table, 1, 1, post), other(*table, 2, 2, post);
  Driver driver(policy(20, 20, 3), &column);
  SharedLimits::Row row = SharedLimits::kNoRow;
  for (int i = 0; i < 10; ++i) other.take(row, {Channel::kRemote, "site"}, 20);
  driver.send_many(40, "site");
  EXPECT_EQ(driver.plan(), 10u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kChannelSlot), 0u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kInstanceLimit), 30u);
}

}  // namespace
}  // namespace sluice::schedule
