// A message's way: attempts, retries, verdicts, and the commands of operators.
#include "core/schedule/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/schedule/driver_for_tests.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Trouble;
using mail::Verdict;
using testing::ElementsAre;

MonoTime at(Duration t) { return MonoTime{t}; }

TEST(Message, IsTriedAtOnceAndForgottenWhenDelivered) {
  Driver driver;
  const auto id = driver.send("example.org");
  ASSERT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.running[0].message, id);
  EXPECT_TRUE(driver.deliver().message_done);
  EXPECT_FALSE(driver.scheduler.knows(MessageId(id)));
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_FALSE(driver.wake);
}

TEST(Message, IsAcceptedOnceAndNotWithoutRecipients) {
  Driver driver;
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kLocal, "bob"}, {&recipient, 1}, 0, {}};
  EXPECT_TRUE(driver.scheduler.accept({MessageId(7), at(0s), false, ""}, {&job, 1}, at(0s)));
  EXPECT_FALSE(driver.scheduler.accept({MessageId(7), at(0s), false, ""}, {&job, 1}, at(0s)));
  EXPECT_FALSE(driver.scheduler.accept({MessageId(8), at(0s), false, ""}, {}, at(0s)));
  EXPECT_EQ(driver.scheduler.messages(), 1u);
}

TEST(RemoteMessage, ThirdRetryIsDueOneHourAfterArrival) {
  Driver driver;
  driver.now = at(-30min);  // before the machine was up
  driver.send("example.org");
  const MonoTime birth = driver.now;
  for (const auto due : {0s, 400s, 1600s, 3600s}) {
    ASSERT_EQ(driver.pass_until_start(birth + 2h), 1u);
    EXPECT_EQ(driver.now, birth + due);
    driver.defer();
  }
}

TEST(LocalMessage, FirstRetryIsDueOneHundredSecondsAfterArrival) {
  Driver driver;
  driver.send("bob", "f", 1, Channel::kLocal);
  driver.plan();
  EXPECT_EQ(driver.defer().next, at(100s));
}

TEST(Attempt, ThatTookLongerThanTheWaitIsNotFollowedByAnotherAtOnce) {
  Driver driver;
  driver.send("example.org");
  driver.plan();
  driver.now = at(20min);
  EXPECT_GT(*driver.defer().next, driver.now + 400s);
}

TEST(Attempt, WithMixedResultsKeepsOnlyTheDeferredRecipients) {
  Driver driver;
  driver.send("example.org", "f", 3);
  driver.plan();
  const std::vector verdicts{Verdict::kDelivered, Verdict::kDeferred, Verdict::kFailed};
  const Settled settled = driver.scheduler.settle(driver.running[0].attempt, verdicts, Trouble::kNone, at(1s));
  EXPECT_FALSE(settled.message_done);
  EXPECT_EQ(settled.recipients[2].verdict, Verdict::kFailed);
  driver.running.clear();
  driver.pass_until_start(at(1h));
  EXPECT_THAT(driver.running[0].recipients, ElementsAre(1));
  EXPECT_EQ(driver.scheduler.explain(MessageId(1))->jobs[0].attempts, 2u);
}

TEST(Attempt, WithTooFewVerdictsDefersTheRest) {
  Driver driver;
  driver.send("example.org", "f", 3);
  driver.plan();
  const std::vector verdicts{Verdict::kDelivered, Verdict::kDelivered};
  const Settled settled = driver.scheduler.settle(driver.running[0].attempt, verdicts, Trouble::kNone, at(1s));
  EXPECT_EQ(settled.recipients[2].verdict, Verdict::kDeferred);
}

TEST(Attempt, ThatNobodyKnowsChangesNothing) {
  Driver driver;
  driver.send("example.org");
  driver.plan();
  const AttemptId attempt = driver.running[0].attempt;
  EXPECT_FALSE(driver.scheduler.settle(AttemptId(99), {}, Trouble::kNone, at(0s)).known);
  driver.deliver();
  EXPECT_FALSE(driver.scheduler.settle(attempt, {}, Trouble::kNone, at(0s)).known);
}

TEST(Attempt, ThatWasAbandonedDoesNotCount) {
  Driver driver;
  driver.send("example.org");
  driver.plan();
  EXPECT_EQ(driver.scheduler.abandon(driver.running[0].attempt, at(5s), at(1s)).next, at(5s));
  driver.running.clear();
  EXPECT_EQ(driver.scheduler.explain(MessageId(1))->jobs[0].attempts, 0u);
  driver.pass_until_start(at(1h));
  EXPECT_EQ(driver.now, at(5s));
}

TEST(Attempt, CarriesAtMostTheAllowedRecipients) {
  Driver driver;
  driver.send("example.org", "f", 250);
  EXPECT_EQ(driver.plan(), 3u);
  std::set<std::uint32_t> all;
  for (const auto& attempt : driver.running) {
    EXPECT_LE(attempt.recipients.size(), 100u);
    all.insert(attempt.recipients.begin(), attempt.recipients.end());
  }
  EXPECT_EQ(all.size(), 250u);
  EXPECT_FALSE(driver.deliver().message_done);
  EXPECT_FALSE(driver.deliver().message_done);
  EXPECT_TRUE(driver.deliver().message_done);
}

TEST(RestartedMessage, KeepsItsAgeItsDueTimeAndItsAttempts) {
  Driver driver;
  const std::uint32_t recipient = 4;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 2, at(10min)};
  driver.scheduler.accept({MessageId(1), at(-1000s), false, ""}, {&job, 1}, at(0s));
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.wake, at(10min));
  EXPECT_EQ(driver.reason(1), Reason::kTime);
  driver.now = at(10min);
  ASSERT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.defer().next, at(-1000s) + 60s * 60);  // the third: 400 s times 9
}

TEST(HeldMessage, IsNotTriedUntilReleased) {
  Driver driver;
  const auto id = driver.send("a");
  driver.scheduler.hold(MessageId(id), driver.now);
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.reason(id), Reason::kMessageHold);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kMessageHold), 1u);
  driver.scheduler.release(MessageId(id), driver.now);
  EXPECT_EQ(driver.plan(), 1u);
  driver.scheduler.hold(MessageId(id), driver.now);
  driver.defer();
  EXPECT_EQ(driver.reason(id), Reason::kMessageHold);
  EXPECT_FALSE(driver.scheduler.hold(MessageId(99), driver.now));
}

TEST(RemovedMessage, IsGoneAtOnceOrWhenItsAttemptEnds) {
  Driver driver;
  const auto flying = driver.send("a");
  driver.plan();
  const auto waiting = driver.send("a");
  EXPECT_EQ(driver.scheduler.remove(MessageId(waiting), driver.now), Scheduler::Removal::kDone);
  EXPECT_EQ(driver.scheduler.remove(MessageId(flying), driver.now), Scheduler::Removal::kWhenSettled);
  const Settled settled = driver.defer();
  EXPECT_TRUE(settled.message_done);
  EXPECT_FALSE(settled.next);
  EXPECT_EQ(driver.scheduler.remove(MessageId(flying), driver.now), Scheduler::Removal::kUnknown);
  EXPECT_EQ(driver.scheduler.jobs(), 0u);
}

TEST(QueueRun, MakesSleepingMessagesDueInTheOrderGiven) {
  Driver driver;
  for (int i = 0; i < 4; ++i) {
    driver.send("a");
    driver.plan();
    driver.defer();
  }
  const std::vector ids{MessageId(3), MessageId(1), MessageId(99)};
  EXPECT_EQ(driver.scheduler.run(ids, {}, driver.now), 2u);
  EXPECT_EQ(driver.plan(), 2u);
  EXPECT_EQ(driver.running[0].message, 3u);
  EXPECT_EQ(driver.running[1].message, 1u);
  EXPECT_EQ(driver.scheduler.run_all(driver.now, Channel::kLocal), 0u);
  EXPECT_EQ(driver.scheduler.run_all(driver.now), 2u);
  EXPECT_EQ(driver.plan(), 2u);
}

TEST(QueueRun, ProbesADestinationInBackoffOnce) {
  Driver driver;
  driver.send_many(20, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.scheduler.run_lane({Channel::kRemote, "dead.example"}, driver.now), 5u);
  EXPECT_EQ(driver.plan(), 1u);
  driver.scheduler.run_all(driver.now);
  EXPECT_EQ(driver.plan(), 0u);
}

TEST(BackoffOfADestination, ThatIsForgottenLetsEverythingGo) {
  Driver driver;
  driver.send_many(20, "dead.example");
  driver.plan();
  const auto began = driver.now;
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.scheduler.lane_statuses().front().backoff_since, began);
  EXPECT_FALSE(driver.scheduler.forget_backoff({Channel::kRemote, "other.example"}, driver.now));
  EXPECT_TRUE(driver.scheduler.forget_backoff({Channel::kRemote, "dead.example"}, driver.now));
  EXPECT_EQ(driver.scheduler.lane_statuses().front().backoff_until, std::nullopt);
  EXPECT_GE(driver.plan(), 1u);
  EXPECT_FALSE(driver.scheduler.forget_backoff({Channel::kRemote, "dead.example"}, driver.now));
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.scheduler.lane_statuses().front().failed_probes, 1u);
}

TEST(Reassignment, MovesWhatWaitsAndLeavesWhatIsInFlight) {
  Policy policy;
  policy.recipients_per_attempt = 1;
  policy.of(Channel::kRemote).limit = 1;
  Driver driver(policy);
  const auto id = driver.send("old", "f", 3);
  driver.plan();
  const std::vector<std::uint32_t> all{0, 1, 2};
  const NewJob job{{Channel::kLmtp, "new"}, all, 0, {}};
  EXPECT_TRUE(driver.scheduler.reassign(MessageId(id), {&job, 1}, driver.now));
  EXPECT_EQ(driver.plan(), 2u);
  EXPECT_EQ(driver.running_to("new"), 2u);
  EXPECT_FALSE(driver.deliver().message_done);
  driver.deliver();
  EXPECT_TRUE(driver.deliver().message_done);
  EXPECT_EQ(driver.scheduler.lanes(), 0u);
}

TEST(Explanation, NamesTheOneThingThatAJobWaitsFor) {
  Policy policy;
  policy.of(Channel::kRemote).limit = 8;
  policy.of(Channel::kRemote).window = {1, 2, 2};
  policy.lane_rules = {{Channel::kRemote, "rated", {}, Rate{1, 10s, 1}}};
  Driver driver(policy);
  const auto window = (driver.send_many(3, "window"), driver.last);
  const auto rated = (driver.send_many(2, "rated"), driver.last);
  const auto dead = (driver.send_many(3, "dead"), driver.last);
  driver.scheduler.suspend({Channel::kRemote, "off"}, driver.now);
  const auto off = driver.send("off");
  driver.plan();
  for (std::size_t i = 0; i < driver.running.size(); ++i)
    if (driver.running[i].destination == "dead") driver.unreachable(i--);
  EXPECT_EQ(driver.reason(window), Reason::kLaneWindow);
  EXPECT_EQ(driver.reason(rated), Reason::kLaneRate);
  EXPECT_EQ(driver.scheduler.explain(MessageId(rated))->jobs[0].until, at(10s));
  EXPECT_EQ(driver.reason(dead), Reason::kLaneBackoff);
  EXPECT_EQ(driver.scheduler.explain(MessageId(dead))->jobs[0].until, at(1min));
  EXPECT_EQ(driver.reason(off), Reason::kSuspension);
  EXPECT_EQ(driver.reason(driver.running[0].message), Reason::kInFlight);
  EXPECT_EQ(driver.scheduler.explain(MessageId(driver.running[0].message))->jobs[0].attempt, driver.running[0].attempt);
  driver.scheduler.hold_channel(Channel::kRemote, true, driver.now);
  for (const auto id : {window, rated, dead, off}) EXPECT_EQ(driver.reason(id), Reason::kChannelHold);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kChannelHold), 4u);
  driver.scheduler.hold_channel(Channel::kRemote, false, driver.now);
  EXPECT_EQ(driver.reason(dead), Reason::kLaneBackoff);
  EXPECT_EQ(driver.plan(), 0u);
}

TEST(Settings, LoweredLimitsLetAttemptsEndAndRaisedOnesStartMoreAtOnce) {
  Policy policy;
  Driver driver(policy);
  for (int i = 0; i < 30; ++i) driver.send("d" + std::to_string(i));
  driver.plan();
  EXPECT_EQ(driver.running.size(), 15u);  // destinations that never answered leave a quarter free
  policy.of(Channel::kRemote).limit = 4;
  driver.scheduler.set_policy(policy, driver.now);
  driver.deliver();
  EXPECT_EQ(driver.plan(), 0u);
  policy.of(Channel::kRemote).limit = 0;
  driver.scheduler.set_policy(policy, driver.now);
  while (!driver.running.empty()) driver.deliver();
  EXPECT_EQ(driver.plan(), 0u);
  policy.of(Channel::kRemote).limit = 100;
  driver.scheduler.set_policy(policy, driver.now);
  EXPECT_EQ(driver.plan(), 15u);
}

TEST(Time, ThatGoesBackIsTakenAsTheLastOne) {
  Driver driver;
  driver.now = at(1h);
  driver.send("a");
  driver.plan();
  driver.now = at(0s);
  EXPECT_EQ(driver.defer().next, at(1h + 400s));
}

TEST(Memory, ReturnsToZeroWhenAllIsDone) {
  Driver driver;
  const std::size_t before = driver.scheduler.octets();
  for (int i = 0; i < 20'000; ++i) driver.send("d" + std::to_string(i % 700), "f" + std::to_string(i % 90));
  while (driver.plan() > 0)
    while (!driver.running.empty()) driver.deliver();
  EXPECT_EQ(driver.scheduler.messages(), 0u);
  EXPECT_EQ(driver.scheduler.jobs(), 0u);
  EXPECT_EQ(driver.scheduler.lanes(), 0u);
  EXPECT_EQ(driver.scheduler.flows(), 0u);
  EXPECT_LE(driver.scheduler.octets(), before + 100'000);  // one spare chunk of each kind of record
}

TEST(Memory, IsAtMost120OctetsForADeferredMessage) {
  Driver driver;
  constexpr std::size_t kCount = 150'000;
  const std::uint32_t recipient = 0;
  for (std::size_t i = 1; i <= kCount; ++i) {
    const NewJob job{{Channel::kRemote, "d"}, {&recipient, 1}, 1, at(std::chrono::seconds(1 + i % 999))};
    driver.scheduler.accept({MessageId(i), at(0s), false, "f"}, {&job, 1}, at(0s));
  }
  RecordProperty("octets", static_cast<int>(driver.scheduler.octets() / kCount));
  EXPECT_LE(driver.scheduler.octets(), kCount * 120);
}

}  // namespace
}  // namespace sluice::schedule
