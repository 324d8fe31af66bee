// Lanes beside lanes, flows beside flows, and destinations that hang or are dead.
#include <gtest/gtest.h>

#include <random>

#include "core/schedule/driver_for_tests.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Trouble;
using mail::Verdict;

MonoTime at(Duration t) { return MonoTime{t}; }

// Lets `destination` answer until its window is as wide as it gets.
void prove(Driver& driver, const std::string& destination, int messages = 100) {
  driver.send_many(messages, destination);
  while (driver.plan() > 0 || !driver.running.empty())
    while (!driver.running.empty()) driver.deliver();
}

TEST(DeadDestination, CostsOneRoundOfTimeoutsAndThenOneProbeAtATime) {
  Driver driver;
  driver.send_many(10'000, "dead.example");
  int attempts = 0;
  while (driver.now < at(3h)) {
    const std::size_t started = driver.pass_until_start(at(3h));
    if (attempts > 0) {
      EXPECT_LE(started, 1u);
    }
    attempts += static_cast<int>(started);
    driver.now += 30s;  // each attempt pays a timeout
    while (!driver.running.empty()) driver.unreachable();
  }
  EXPECT_LE(attempts, 5 + 9);  // after 1, 2, 4, 8, 16, 32, 60, 60 minutes
  EXPECT_GE(driver.scheduler.status(Channel::kRemote).of(Reason::kLaneBackoff), 9'900u);
}

TEST(DeadDestination, ThatAnswersWakesAllThatWasParked) {
  Driver driver;
  driver.send_many(1000, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  ASSERT_EQ(driver.pass_until_start(at(1h)), 1u);
  EXPECT_EQ(driver.now, at(1min));
  driver.deliver();
  int delivered = 1;
  while (driver.plan() > 0)
    while (!driver.running.empty()) driver.deliver(), ++delivered;
  EXPECT_EQ(delivered, 995);  // all but the five of the first round, which sleep until their retry time
  EXPECT_EQ(driver.now, at(1min));
}

TEST(DeadDestination, CountsNoAttemptForWhatIsParked) {
  Driver driver;
  driver.send_many(20, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.reason(20), Reason::kLaneBackoff);
  EXPECT_EQ(driver.scheduler.explain(MessageId(20))->jobs[0].attempts, 0u);
}

TEST(DeadDestination, IsRememberedWithoutMailAndForgottenAfterTheBackoff) {
  Driver driver;
  const auto id = driver.send("dead.example");
  driver.plan();
  driver.unreachable();
  driver.scheduler.remove(MessageId(id), driver.now);
  EXPECT_EQ(driver.scheduler.lanes(), 1u);
  const auto next = driver.send("dead.example");
  EXPECT_EQ(driver.plan(), 0u);
  driver.scheduler.remove(MessageId(next), driver.now);
  driver.now = *driver.wake;
  driver.plan();
  EXPECT_EQ(driver.scheduler.lanes(), 0u);
}

TEST(RatedLane, IsRememberedUntilItsTokensAreBack) {
  Policy policy;
  policy.of(Channel::kRemote).rate = {6, 1min, 1};
  Driver driver(policy);
  for (int i = 0; i < 10; ++i) {
    driver.send("slow.example");
    ASSERT_EQ(driver.pass_until_start(at(1h)), 1u);
    EXPECT_EQ(driver.now, at(10s * i));
    driver.deliver();
  }
  driver.now += 10s;
  driver.plan();
  EXPECT_EQ(driver.scheduler.lanes(), 0u);
}

TEST(HangingDestination, LeavesSlotsForANewLaneHoweverManyItEarned) {
  for (const std::uint32_t limit : {2u, 3u, 5u, 10u, 20u, 255u}) {
    Policy policy;
    policy.of(Channel::kRemote).limit = limit;
    policy.of(Channel::kRemote).window.limit = 1000;
    Driver driver(policy);
    driver.send_many(5000, "big.example");
    for (int i = 0; i < 2000; ++i) {  // fast, until now
      driver.plan();
      driver.deliver();
    }
    driver.plan();  // and now it hangs
    EXPECT_LE(driver.running.size(), std::max(1u, limit - std::max(1u, limit / 5))) << limit;
    EXPECT_GE(driver.running.size(), limit / 2) << limit;
    driver.send("small.example");
    EXPECT_EQ(driver.plan(), 1u) << limit;
    EXPECT_EQ(driver.running_to("small.example"), 1u) << limit;
  }
}

TEST(HangingDestination, GivesSlotsThatComeFreeToTheOtherUntilSharesAreEven) {
  Driver driver;
  prove(driver, "slow.example");
  driver.send_many(5000, "slow.example");
  for (int i = 0; i < 100; ++i) {  // widens its window again
    driver.plan();
    driver.deliver();
  }
  driver.plan();
  EXPECT_EQ(driver.running.size(), 15u);
  driver.send_many(5000, "fast.example");
  for (int i = 0; i < 12; ++i) {
    driver.plan();
    for (std::size_t k = driver.running.size(); k-- > 0;)
      if (driver.running[k].destination == "fast.example") driver.deliver(k);
    driver.deliver(0);  // one slow attempt ends
  }
  driver.plan();
  EXPECT_GE(driver.running_to("fast.example"), 7u);
  EXPECT_GE(driver.running_to("slow.example"), 7u);
}

TEST(CrowdOfHangingDestinations, LeavesAQuarterToThoseThatAnswer) {
  Driver driver;
  driver.send_many(1000, "good.example");
  for (int i = 0; i < 20; ++i) {
    driver.plan();
    driver.deliver();
  }
  for (int i = 0; i < 1000; ++i) driver.send("hang" + std::to_string(i));
  for (int i = 0; i < 200; ++i) {
    driver.plan();
    const auto good = std::ranges::find(driver.running, "good.example", &Driver::Running::destination);
    ASSERT_NE(good, driver.running.end());
    driver.deliver(static_cast<std::size_t>(good - driver.running.begin()));
  }
  EXPECT_LE(driver.running.size() - driver.running_to("good.example"), 15u);
}

TEST(ProbesOfDeadDestinations, HoldAtMostAQuarterOfTheSlots) {
  Driver driver;
  for (int i = 0; i < 100; ++i) driver.send_many(6, "dead" + std::to_string(i));
  while (driver.plan() > 0)
    while (!driver.running.empty()) driver.unreachable();
  driver.now += 2min;
  driver.plan();
  EXPECT_EQ(driver.running.size(), 5u);
  for (int i = 0; i < 30; ++i) driver.send("new" + std::to_string(i));
  EXPECT_EQ(driver.plan(), 10u);
}

TEST(Flow, WithOneMessageGoesAtTheNextFreeSlotBesideAHundredThousand) {
  Driver driver;
  driver.send_many(100'000, "example.org", "bulk");
  for (const int before : {0, 1, 2, 3, 50}) {
    for (int i = 0; i < before; ++i) {
      driver.plan();
      driver.deliver();
    }
    driver.plan();
    const auto id = driver.send("example.org", "single" + std::to_string(before));
    driver.deliver();
    ASSERT_GE(driver.plan(), 1u);
    EXPECT_TRUE(std::ranges::any_of(driver.running, [id](const auto& run) { return run.message == id; })) << before;
  }
}

TEST(Flow, WithBacklogIsNotShutOutByAStreamOfNewOnes) {
  Policy policy;
  policy.of(Channel::kRemote).window = {1, 1, 1};
  Driver driver(policy);
  driver.send_many(1000, "example.org", "bulk");
  int bulk = 0;
  for (int i = 0; i < 400; ++i) {
    driver.send("example.org", "new" + std::to_string(i));
    driver.plan();
    bulk += driver.running[0].message <= 1000 ? 1 : 0;
    driver.deliver();
  }
  EXPECT_GE(bulk, 199);
}

TEST(Flows, ShareALaneByTheirWeights) {
  Policy policy;
  policy.flow_weights = {{"gold", 3}};
  policy.of(Channel::kRemote).window = {1, 1, 1};
  Driver driver(policy);
  driver.send_many(2000, "example.org", "gold");
  driver.send_many(2000, "example.org", "plain");
  int gold = 0;
  for (int i = 0; i < 400; ++i) {
    driver.plan();
    gold += driver.running[0].message <= 2000 ? 1 : 0;
    driver.deliver();
  }
  EXPECT_NEAR(gold, 300, 3);
}

TEST(Flow, GoesFirstInFirstOut) {
  Driver driver;
  driver.send_many(100, "example.org");
  std::uint64_t last = 0;
  while (driver.plan() > 0) {
    while (!driver.running.empty()) {
      EXPECT_GT(driver.running[0].message, last);
      last = driver.running[0].message;
      driver.deliver();
    }
  }
  EXPECT_EQ(last, 100u);
}

// Random heavy loads; attempts end in random order. A lone message is counted in starts until its own.
TEST(LoneMessage, OfANewLaneWaitsAtMostForOneStartOfEachOtherLane) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    Policy policy;
    policy.of(Channel::kRemote).limit = 1 + static_cast<std::uint32_t>(random() % 30);
    Driver driver(policy);
    const std::size_t lanes = 1 + random() % 20;
    for (std::size_t i = 0; i < 2000; ++i) driver.send("heavy" + std::to_string(random() % lanes));
    const auto end_one = [&] { driver.deliver(random() % driver.running.size()); };
    for (std::size_t i = random() % 300; i > 0; --i) driver.plan(), end_one();
    driver.plan();
    driver.send("lone.example");
    std::size_t others = driver.plan() - driver.running_to("lone.example");
    while (driver.running_to("lone.example") == 0) {
      end_one();
      others += driver.plan();
      ASSERT_LE(others, lanes + 1) << "seed " << seed;
    }
  }
}

TEST(LoneMessage, OfANewFlowWaitsAtMostForTwoStartsForEachFlowThatIsNewToo) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    Policy policy;
    policy.flow_weights = {{"heavy0", 7}};
    Driver driver(policy);
    const std::size_t flows = 1 + random() % 20;
    for (std::size_t i = 0; i < 2000; ++i) driver.send("a", "heavy" + std::to_string(random() % flows));
    for (std::size_t i = 100 + random() % 300; i > 0; --i)
      driver.plan(), driver.deliver(random() % driver.running.size());
    driver.plan();
    const std::size_t fresh = 1 + random() % 10;
    for (std::size_t i = 0; i < fresh; ++i) driver.send("a", "new" + std::to_string(i));
    std::size_t starts = 0;
    for (bool found = false; !found;) {
      driver.deliver(random() % driver.running.size());
      starts += driver.plan();
      ASSERT_LE(starts, 2 * fresh + 1) << "seed " << seed;
      found = std::ranges::any_of(driver.running, [&](const auto& run) { return run.message == driver.last; });
    }
  }
}

TEST(SuspendedLane, StartsNothingAndOthersGoOn) {
  Driver driver;
  driver.send("a");
  driver.scheduler.suspend({Channel::kRemote, "a"}, driver.now);
  driver.send("b");
  ASSERT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.running[0].destination, "b");
  EXPECT_FALSE(driver.scheduler.resume({Channel::kRemote, "b"}, driver.now));
  EXPECT_TRUE(driver.scheduler.resume({Channel::kRemote, "a"}, driver.now));
  EXPECT_EQ(driver.plan(), 1u);
}

TEST(Lanes, OfDifferentChannelsDoNotShareANameOrALimit) {
  Driver driver;
  driver.send_many(30, "x");
  for (int i = 0; i < 30; ++i) driver.send("x", "f", 1, Channel::kLocal);
  driver.plan();
  EXPECT_EQ(driver.scheduler.lanes(), 2u);
  EXPECT_EQ(driver.scheduler.status(Channel::kLocal).in_flight, 5u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).in_flight, 5u);
  EXPECT_EQ(driver.scheduler.lane_statuses().size(), 2u);
}

TEST(Lanes, TheBusiestAreThoseWithTheMostInFlightAndThenWithTheMostToDo) {
  Driver driver;
  driver.send_many(3, "small");
  driver.send_many(30, "large");
  driver.send_many(40, "larger");
  driver.send("one");
  driver.plan();
  const auto lanes = driver.scheduler.busiest_lanes(3);
  ASSERT_EQ(lanes.size(), 3u);
  EXPECT_EQ(lanes[0].destination, "larger");
  EXPECT_EQ(lanes[1].destination, "large");
  EXPECT_EQ(lanes[2].destination, "small");
  EXPECT_EQ(driver.scheduler.busiest_lanes(99).size(), 4u);
  EXPECT_TRUE(driver.scheduler.busiest_lanes(0).empty());
}

}  // namespace
}  // namespace sluice::schedule
