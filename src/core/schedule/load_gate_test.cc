// What waits for a lower load, and the priority numbers by which that is decided.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/schedule/driver_for_tests.h"

namespace sluice::schedule {
namespace {

using ::testing::ElementsAre;

void send_of_priority(Driver& driver, std::uint64_t id, std::int64_t priority) {
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 0, {}};
  NewMessage message;
  message.id = MessageId(id);
  message.arrival = driver.now;
  message.flow = "f";
  message.priority = priority;
  driver.scheduler.accept(message, {&job, 1}, driver.now);
}

Policy load_policy() {
  Policy policy;
  policy.load_gate = LoadGate{8, 600'000};
  return policy;
}

TEST(TheLoad, HoldsBackWhatIsTooLargeForItUntilItFalls) {
  Driver driver(load_policy());
  std::uint64_t id = 0;
  for (const std::int64_t priority : {500'000, 30'000, 250'000, -150'000}) send_of_priority(driver, ++id, priority);
  driver.scheduler.set_load(11, driver.now);  // 600,000 / 4
  EXPECT_EQ(driver.plan(), 2u);
  EXPECT_EQ(driver.reason(1), Reason::kLoad);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kLoad), 2u);
  EXPECT_EQ(driver.scheduler.prospect(MessageId(1), {}, driver.now).kind, Prospect::Kind::kElsewhere);
  EXPECT_EQ(driver.scheduler.whereabouts(MessageId(1)).blocked, 1u);
  driver.scheduler.set_load(9, driver.now);  // 300,000
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.running.back().message, 3u);
  driver.scheduler.set_load(7.9, driver.now);
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kLoad), 0u);
}

TEST(TheLoad, CountsAttempts) {
  Driver driver(load_policy());
  send_of_priority(driver, 1, 30'000);
  driver.plan();
  driver.defer();
  driver.scheduler.set_load(13, driver.now);  // 100,000
  driver.scheduler.run_all(driver.now);
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.reason(1), Reason::kLoad);
}

TEST(TheLoad, DoesNotMatterWithoutAGate) {
  Driver driver(load_policy());
  send_of_priority(driver, 1, 500'000);
  driver.scheduler.set_load(100, driver.now);
  EXPECT_EQ(driver.plan(), 0u);
  driver.scheduler.set_policy({}, driver.now);
  EXPECT_EQ(driver.plan(), 1u);
}

TEST(WhatIsTooLargeForTheLoad, CanBeHeldRemovedAndGivenUp) {
  Driver driver(load_policy());
  driver.scheduler.set_load(100, driver.now);
  for (std::uint64_t id = 1; id <= 3; ++id) send_of_priority(driver, id, 500'000);
  driver.plan();
  driver.scheduler.hold(MessageId(1), driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kMessageHold);
  driver.scheduler.remove(MessageId(2), driver.now);
  driver.scheduler.give_up(std::vector{MessageId(3)}, driver.now);
  driver.scheduler.release(MessageId(1), driver.now);
  driver.plan();
  EXPECT_EQ(driver.reason(1), Reason::kLoad);
  EXPECT_THAT(driver.expired, ElementsAre(3));
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kLoad), 1u);
}

TEST(APriorityNumber, GrowsWithSizeRecipientsAndAttemptsAndFallsWithTheClass) {
  EXPECT_EQ(priority_number(31, -60, 1, 0, {}), 138'031);
  EXPECT_EQ(priority_number(43, 100, 1, 0, {}), -149'957);
  EXPECT_EQ(priority_number(43, 100, 1, 2, {}), 30'043);
  EXPECT_GT(priority_number(~0ull, -1000, ~0ull, ~0ull, {1ll << 62, 1ll << 62, 1ll << 62}), 0) << "bounded";
}

TEST(TheLargestNumber, FallsAsTheLoadGrows) {
  EXPECT_EQ(largest_number({8, 600'000}, 7.99), std::nullopt);
  EXPECT_EQ(largest_number({8, 600'000}, 8), 600'000);
  EXPECT_EQ(largest_number({8, 600'000}, 9), 300'000);
  EXPECT_EQ(largest_number({0, 600'000}, 0), 600'000) << "a limit of 0 is always reached";
  EXPECT_EQ(largest_number({8, 600'000}, 1.0 / 0.0), 0);
  EXPECT_EQ(largest_number({8, 600'000}, 0.0 / 0.0), std::nullopt);
}

}  // namespace
}  // namespace sluice::schedule
