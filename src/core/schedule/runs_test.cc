// Queue runs, and what waits for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/schedule/driver_for_tests.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Verdict;
using ::testing::ElementsAre;

MonoTime at(Duration since) { return MonoTime{since}; }

Policy run_policy() {
  Policy policy;
  policy.retry = Retry::kRuns;
  return policy;
}

// Sends messages to "a" whose first attempts are deferred.
void send_deferred(Driver& driver, int count = 1) {
  driver.send_many(count, "a");
  while (driver.plan() > 0)
    while (!driver.running.empty()) driver.defer();
}

std::size_t run(Driver& driver, std::initializer_list<std::uint64_t> ids, const RunOptions& options = {}) {
  std::vector<MessageId> all;
  for (const std::uint64_t id : ids) all.emplace_back(id);
  return driver.scheduler.run(all, options, driver.now);
}

Prospect prospect(const Driver& driver, std::uint64_t id, const RunOptions& options = {}) {
  return driver.scheduler.prospect(MessageId(id), options, driver.now);
}

LaneRule rule(std::string destination, LaneHold hold) {
  LaneRule made;
  made.destination = std::move(destination);
  made.hold = hold;
  return made;
}

void accept(Driver& driver, std::uint64_t id, mail::DeliveryMode mode, std::uint32_t attempts = 0,
            std::optional<MonoTime> due = {}) {
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, attempts, due};
  NewMessage message;
  message.id = MessageId(id);
  message.arrival = driver.now;
  message.mode = mode;
  driver.scheduler.accept(message, {&job, 1}, driver.now);
}

// Retry by runs -------------------------------------------------------------------------------------------------------

TEST(RetryByRuns, TriesANewMessageAtOnceAndADeferredOneWhenARunComes) {
  Driver driver(run_policy());
  driver.send("a");
  ASSERT_EQ(driver.plan(), 1u);
  driver.defer();
  EXPECT_EQ(driver.pass_until_start(at(48h)), 0u);
  EXPECT_EQ(driver.reason(1), Reason::kQueueRun);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kQueueRun), 1u);
  EXPECT_EQ(run(driver, {1}), 1u);
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_TRUE(driver.deliver().message_done);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kQueueRun), 0u);
}

TEST(RetryByRuns, AsksForNoWakeUpForWhatWaits) {
  Driver driver(run_policy());
  const std::size_t before = driver.scheduler.octets();
  send_deferred(driver, 100);
  driver.plan();
  EXPECT_GT(*driver.wake, at(24h * 6)) << "but for the end of their lifetime";
  EXPECT_GT(driver.scheduler.octets(), before);
}

TEST(RetryByRuns, SaysWhenTheLastAttemptWas) {
  Driver driver(run_policy());
  driver.send("a");
  driver.plan();
  driver.now = at(30s);
  const Settled settled = driver.defer();
  EXPECT_EQ(settled.next, at(0s));
  EXPECT_TRUE(settled.waits_for_run);
}

TEST(RetryByRuns, AfterARestartWaitsOnWithItsAge) {
  Driver driver(run_policy());
  driver.now = at(1h);
  accept(driver, 1, mail::DeliveryMode::kBackground, 3, at(55min));
  EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.reason(1), Reason::kQueueRun);
  const RunOptions aged{.min_age = 15min};
  EXPECT_EQ(prospect(driver, 1, aged).kind, Prospect::Kind::kYoung);
  EXPECT_EQ(prospect(driver, 1, aged).young_for, Duration(10min));
  EXPECT_EQ(run(driver, {1}, aged), 0u);
  driver.now = at(1h + 10min);
  EXPECT_EQ(run(driver, {1}, aged), 1u);
  EXPECT_EQ(driver.plan(), 1u);
}

TEST(RetryByRuns, ExpiresInTheRunAfterTheLifetime) {
  Policy policy = run_policy();
  policy.set_lifetimes(1h);
  Driver driver(policy);
  send_deferred(driver);
  EXPECT_EQ(driver.pass_until_start(at(2h)), 0u);
  EXPECT_THAT(driver.expired, ElementsAre());
  run(driver, {1});
  driver.plan();
  EXPECT_TRUE(driver.defer().recipients[0].too_old);
}

TEST(RetryByRuns, LeavesADeadDestinationToTheNextRunAtTheCostOfOneProbe) {
  Driver driver(run_policy());
  driver.send_many(50, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.pass_until_start(at(1h)), 0u) << "no timer probes";
  EXPECT_EQ(driver.reason(20), Reason::kQueueRun) << "never tried, but the run is over";
  EXPECT_EQ(driver.scheduler.run_all(driver.now), 50u);
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_TRUE(driver.scheduler.whereabouts(MessageId(20)).under_way()) << "the probe will tell";
  driver.unreachable();
  EXPECT_EQ(driver.plan(), 0u);
  for (std::uint64_t id = 1; id <= 50; ++id) {
    EXPECT_FALSE(driver.scheduler.whereabouts(MessageId(id)).under_way());
    EXPECT_EQ(driver.reason(id), Reason::kQueueRun);
  }
}

TEST(Stalls, AreCountedWhenJobsComeToWaitForWhatMayNotCome) {
  Driver driver(Policy{});
  auto counted = [&driver, before = driver.scheduler.stalls()]() mutable {
    return driver.scheduler.stalls() != std::exchange(before, driver.scheduler.stalls());
  };
  driver.send_many(50, "dead.example");
  driver.send_many(50, "suspended.example");
  driver.plan();
  EXPECT_FALSE(counted()) << "all of it goes, or waits for its turn";
  driver.scheduler.suspend({Channel::kRemote, "suspended.example"}, driver.now);
  EXPECT_TRUE(counted());
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_TRUE(counted());
  EXPECT_FALSE(driver.scheduler.whereabouts(MessageId(50)).under_way());
  EXPECT_FALSE(driver.scheduler.whereabouts(MessageId(100)).under_way());
  driver.plan();
  EXPECT_FALSE(counted()) << "nothing new";
  driver.scheduler.hold_channel(Channel::kLocal, true, driver.now);
  EXPECT_FALSE(counted()) << "it stops nothing";
}

TEST(RetryByRuns, LeavesACrowdBehindADeadDestinationInSlices) {
  Driver driver(run_policy());
  driver.send_many(100'000, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_LT(driver.scheduler.status(Channel::kRemote).of(Reason::kQueueRun), 100'000u);
  EXPECT_FALSE(driver.scheduler.whereabouts(MessageId(100'000)).under_way());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(driver.plan(), 0u);
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kQueueRun), 100'000u);
  EXPECT_GT(*driver.wake, at(1h));
}

TEST(RetryByRuns, GoOnWhenTheProbeIsAnswered) {
  Driver driver(run_policy());
  driver.send_many(5, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  driver.plan();
  driver.scheduler.run_all(driver.now);
  ASSERT_EQ(driver.plan(), 1u);
  driver.deliver();
  EXPECT_EQ(driver.plan(), 4u);
}

TEST(RetryByRuns, AnAttemptWhoseProcessDiedIsMadeAgainWithoutARun) {
  Driver driver(run_policy());
  send_deferred(driver);
  run(driver, {1});
  driver.plan();
  driver.scheduler.abandon(driver.running[0].attempt, driver.now + 3s, driver.now);
  EXPECT_EQ(driver.pass_until_start(at(1min)), 1u);
  EXPECT_EQ(driver.now, at(3s));
}

// Policies that change ------------------------------------------------------------------------------------------------

TEST(AChangeOfPolicy, ToRunsParksWhatSleepsWithTheAgeOfItsLastAttempt) {
  Driver driver;
  send_deferred(driver);
  EXPECT_EQ(driver.reason(1), Reason::kTime);
  driver.now = at(100s);
  driver.scheduler.set_policy(run_policy(), driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kQueueRun);
  EXPECT_EQ(prospect(driver, 1, {.min_age = 150s}).young_for, Duration(50s));
  EXPECT_EQ(driver.pass_until_start(at(1h)), 0u);
}

TEST(AChangeOfPolicy, ToBackoffGivesWhatWaitsForRunsItsTimeAgain) {
  Driver driver(run_policy());
  send_deferred(driver);
  driver.now = at(100s);
  driver.scheduler.set_policy({}, driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kTime);
  EXPECT_EQ(driver.pass_until_start(at(1h)), 1u);
  EXPECT_EQ(driver.now, at(400s));
}

TEST(AChangeOfPolicy, ReachesWhatIsHeldMeanwhile) {
  Driver driver;
  send_deferred(driver);
  driver.scheduler.hold(MessageId(1), driver.now);
  driver.scheduler.set_policy(run_policy(), driver.now);
  driver.scheduler.release(MessageId(1), driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kQueueRun);
}

TEST(AChangeOfPolicy, MakesALaneExpensiveForWhatIsDueAlready) {
  Policy policy;
  policy.of(Channel::kRemote).limit = 0;
  Driver driver(policy);
  driver.send("a");
  driver.plan();
  policy.of(Channel::kRemote).hold = LaneHold::kUntilRun;
  driver.scheduler.set_policy(policy, driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kExpensive);
  policy.of(Channel::kRemote).hold = LaneHold::kNone;
  policy.of(Channel::kRemote).limit = 5;
  driver.scheduler.set_policy(policy, driver.now);
  EXPECT_EQ(driver.plan(), 1u);
}

// Queue-only messages and expensive lanes -----------------------------------------------------------------------------

TEST(AQueueOnlyMessage, WaitsForARunInEveryPolicyAndThenFollowsIt) {
  for (const Policy& policy : {Policy{}, run_policy()}) {
    Driver driver(policy);
    accept(driver, 1, mail::DeliveryMode::kQueueOnly);
    accept(driver, 2, mail::DeliveryMode::kDefer);
    accept(driver, 3, mail::DeliveryMode::kInteractive);
    EXPECT_EQ(driver.pass_until_start(at(1h)), 1u);
    driver.deliver();
    EXPECT_EQ(driver.pass_until_start(at(1h)), 0u);
    EXPECT_EQ(driver.reason(1), Reason::kQueueRun);
    EXPECT_EQ(run(driver, {1, 2}, {.min_age = 24h}), 2u) << "what was never tried is not young";
    EXPECT_EQ(driver.plan(), 2u);
    driver.defer();
    EXPECT_EQ(driver.reason(1), policy.retry == Retry::kRuns ? Reason::kQueueRun : Reason::kTime);
  }
}

TEST(AnExpensiveLane, IsTriedByRunsOnly) {
  Policy policy;
  policy.lane_rules = {rule("a", LaneHold::kUntilRun)};
  Driver driver(policy);
  driver.send("a");
  driver.send("b");
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.reason(1), Reason::kExpensive);
  EXPECT_EQ(name_of(Reason::kExpensive), "expensive");
  EXPECT_EQ(driver.scheduler.status(Channel::kRemote).of(Reason::kExpensive), 1u);
  EXPECT_EQ(run(driver, {1}), 1u);
  EXPECT_EQ(driver.plan(), 1u);
  driver.defer(1);
  EXPECT_EQ(driver.reason(1), Reason::kExpensive) << "again";
  EXPECT_EQ(driver.pass_until_start(at(48h)), 0u);
}

TEST(AnExpensiveLane, MayWaitForSelectiveRuns) {
  Policy policy;
  policy.set_lifetimes(2h);
  policy.lane_rules = {rule("a", LaneHold::kUntilSelectiveRun)};
  Driver driver(policy);
  driver.send("a");
  driver.send("a");
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kElsewhere);
  EXPECT_EQ(driver.scheduler.run_all(driver.now), 0u);
  EXPECT_EQ(run(driver, {1}, {.selective = true}), 1u);
  EXPECT_EQ(driver.plan(), 1u);
  driver.deliver();
  driver.pass_until_start(at(3h));
  EXPECT_EQ(run(driver, {2}), 1u) << "a plain run finds it too old";
  driver.plan();
  EXPECT_THAT(driver.expired, ElementsAre(2));
}

TEST(AnExpensiveLane, InBackoffIsNotProbedByATimer) {
  Policy policy;
  policy.lane_rules = {rule("a", LaneHold::kUntilRun)};
  Driver driver(policy);
  driver.send_many(10, "a");
  driver.plan();
  driver.scheduler.run_all(driver.now);
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  EXPECT_EQ(driver.pass_until_start(at(24h)), 0u);
  EXPECT_EQ(driver.reason(10), Reason::kExpensive);
}

TEST(ADestinationOfOneAttemptAtATime, IsALaneWithLimitOne) {
  Policy policy;
  LaneRule one;
  one.destination = "a";
  one.limit = 1;
  policy.lane_rules = {one};
  Driver driver(policy);
  driver.send_many(3, "a");
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_EQ(driver.plan(), 0u);
  driver.deliver();
  EXPECT_EQ(driver.plan(), 1u);
}

// Ages ----------------------------------------------------------------------------------------------------------------

TEST(AYoungAttempt, IsPassedOverUnlessTheRunIsSelective) {
  Policy policy = run_policy();
  policy.ages.minimum = 10min;
  Driver driver(policy);
  send_deferred(driver);
  driver.now = at(4min);
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kYoung);
  EXPECT_EQ(prospect(driver, 1).young_for, Duration(6min));
  EXPECT_EQ(driver.scheduler.explain(MessageId(1))->jobs[0].until, at(10min));
  EXPECT_EQ(run(driver, {1}), 0u);
  EXPECT_EQ(prospect(driver, 1, {.selective = true}).kind, Prospect::Kind::kEligible);
  EXPECT_EQ(prospect(driver, 1, {.min_age = 4min}).kind, Prospect::Kind::kEligible);
  EXPECT_EQ(run(driver, {1}, {.selective = true}), 1u);
}

TEST(AYoungAttempt, IsOneThatLiesNearerThanTheLastDidToTheArrival) {
  Policy policy = run_policy();
  policy.ages.maximum = 1h;
  Driver driver(policy);
  driver.send("a");
  std::vector<Duration> tried;
  for (driver.now = at(0s); driver.now < at(4h); driver.now += 1min) {
    run(driver, {1});
    if (driver.plan() == 0) continue;
    tried.push_back(driver.now - at(0s));
    driver.defer();
  }
  EXPECT_THAT(tried, ElementsAre(0min, 1min, 2min, 4min, 8min, 16min, 32min, 64min, 124min, 184min));
}

TEST(AYoungAttempt, IsGuessedFromTheScheduleWhereThatHolds) {
  Driver driver;
  send_deferred(driver);
  driver.now = at(100s);
  EXPECT_EQ(prospect(driver, 1, {.min_age = 150s}).young_for, Duration(50s));
  driver.now = at(150s);
  EXPECT_EQ(run(driver, {1}, {.min_age = 150s}), 1u);
}

// What a run finds, and what remains
// ------------------------------------------------------------------------------------

TEST(AMessage, IsLockedWhileAllThatIsLeftOfItIsBeingTried) {
  Driver driver(run_policy());
  driver.send("a");
  driver.plan();
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kLocked);
  EXPECT_EQ(run(driver, {1}), 0u);
  EXPECT_EQ(driver.scheduler.whereabouts(MessageId(1)).in_flight, 1u);
  driver.defer();
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kEligible);
  driver.scheduler.hold(MessageId(1), driver.now);
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kHeld);
  EXPECT_EQ(prospect(driver, 99).kind, Prospect::Kind::kUnknown);
  EXPECT_FALSE(driver.scheduler.whereabouts(MessageId(99)).known);
}

TEST(AMessage, WithAHangingRecipientIsRunForTheOthers) {
  Driver driver(run_policy());
  const std::uint32_t indices[] = {0, 1};
  const NewJob jobs[] = {{{Channel::kRemote, "hangs"}, {indices, 1}, 0, {}},
                         {{Channel::kRemote, "works"}, {indices + 1, 1}, 0, {}}};
  driver.scheduler.accept({MessageId(1), driver.now, false, "f"}, jobs, driver.now);
  ASSERT_EQ(driver.plan(), 2u);
  driver.defer(driver.running[0].destination == "works" ? 0 : 1);
  EXPECT_EQ(prospect(driver, 1).kind, Prospect::Kind::kEligible);
  EXPECT_EQ(run(driver, {1}), 1u);
  EXPECT_EQ(driver.plan(), 1u);
}

TEST(ARunWithoutProbes, LeavesADestinationInBackoffAlone) {
  Driver driver(run_policy());
  driver.send_many(5, "dead.example");
  driver.plan();
  while (!driver.running.empty()) driver.unreachable();
  driver.plan();
  const RunOptions persistent{.probe = false};
  EXPECT_EQ(prospect(driver, 1, persistent).kind, Prospect::Kind::kElsewhere);
  EXPECT_EQ(run(driver, {1, 2, 3, 4, 5}, persistent), 0u);
  driver.now = at(1min);
  EXPECT_EQ(run(driver, {1, 2, 3, 4, 5}, persistent), 5u) << "the back-off is over";
  EXPECT_EQ(driver.plan(), 1u) << "the probe";
}

TEST(ARunOfSomeRecipients, LeavesTheOthersAsTheyAre) {
  Driver driver(run_policy());
  driver.send("a", "f", 4);
  driver.plan();
  driver.defer();
  const std::uint32_t wanted[] = {1, 3, 7};
  EXPECT_EQ(driver.scheduler.run_recipients(MessageId(1), wanted, {}, driver.now), 1u);
  ASSERT_EQ(driver.plan(), 1u);
  EXPECT_THAT(driver.running[0].recipients, ElementsAre(1, 3));
  EXPECT_EQ(driver.scheduler.run_recipients(MessageId(1), wanted, {}, driver.now), 0u) << "in flight";
  EXPECT_EQ(driver.scheduler.whereabouts(MessageId(1)).asleep, 1u);
  EXPECT_FALSE(driver.deliver().message_done);
  run(driver, {1});
  driver.plan();
  EXPECT_THAT(driver.running[0].recipients, ElementsAre(0, 2));
  EXPECT_TRUE(driver.deliver().message_done);
}

TEST(ARunOfSomeRecipients, WakesAWholeJobWithoutSplittingIt) {
  Driver driver;
  driver.send("a", "f", 2);
  driver.plan();
  driver.defer();
  const std::uint32_t wanted[] = {0, 1};
  EXPECT_EQ(driver.scheduler.run_recipients(MessageId(1), wanted, {}, driver.now), 1u);
  EXPECT_EQ(driver.scheduler.jobs(), 1u);
}

TEST(NewRoutes, DoNotTakeBackWhatARunHasLetGo) {
  Policy policy = run_policy();
  Driver driver(policy);
  send_deferred(driver, 2);
  policy.of(Channel::kRemote).limit = 0;
  driver.scheduler.set_policy(policy, driver.now);
  run(driver, {1});
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "elsewhere"}, {&recipient, 1}, 1, driver.now};
  for (std::uint64_t id = 1; id <= 2; ++id) driver.scheduler.reassign(MessageId(id), {&job, 1}, driver.now);
  EXPECT_EQ(driver.reason(1), Reason::kChannelSlot);
  EXPECT_EQ(driver.reason(2), Reason::kQueueRun);
}

// Giving up -----------------------------------------------------------------------------------------------------------

TEST(AGivenUpMessage, FailsWithoutAnAttemptWhereverItWaits) {
  Policy policy;
  policy.lane_rules = {rule("dear", LaneHold::kUntilRun)};
  policy.of(Channel::kLocal).limit = 0;
  Driver driver(policy);
  driver.send("dear");
  driver.send("a", "f", 1, Channel::kLocal);
  send_deferred(driver);
  driver.send("b");
  driver.scheduler.hold(MessageId(4), driver.now);
  const std::vector ids{MessageId(1), MessageId(2), MessageId(3), MessageId(4), MessageId(99)};
  EXPECT_EQ(driver.scheduler.give_up(ids, driver.now), 3u);
  const Plan& plan = driver.scheduler.plan(driver.now);
  ASSERT_EQ(plan.expired.size(), 3u);
  for (const Expired& expired : plan.expired) EXPECT_TRUE(expired.given_up && expired.message_done);
  EXPECT_EQ(driver.scheduler.messages(), 1u) << "the held one";
}

TEST(AGivenUpMessage, FailsWhenItsAttemptDoesNotDeliverIt) {
  Driver driver;
  driver.send("a", "f", 2);
  driver.plan();
  EXPECT_EQ(driver.scheduler.give_up(std::vector{MessageId(1)}, driver.now), 1u);
  const Verdict verdicts[] = {Verdict::kDelivered, Verdict::kDeferred};
  const Settled settled = driver.scheduler.settle(driver.running[0].attempt, verdicts, {}, driver.now);
  EXPECT_EQ(settled.recipients[0].verdict, Verdict::kDelivered);
  EXPECT_EQ(settled.recipients[1].verdict, Verdict::kFailed);
  EXPECT_TRUE(settled.message_done);
}

}  // namespace
}  // namespace sluice::schedule
