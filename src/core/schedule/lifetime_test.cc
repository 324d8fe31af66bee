// How long a message may wait: its lifetime and the warning before its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/schedule/driver_for_tests.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Verdict;
using testing::ElementsAre;

MonoTime at(Duration t) { return MonoTime{t}; }

TEST(Lifetime, AttemptBegunAfterItMakesADeferralAFailure) {
  Driver driver;
  driver.send("example.org");
  Settled settled;
  int attempts = 0;
  do {
    ASSERT_EQ(driver.pass_until_start(at(24h * 30)), 1u);
    ++attempts;
    settled = driver.defer();
  } while (!settled.message_done);
  EXPECT_TRUE(settled.recipients[0].too_old);
  EXPECT_EQ(settled.recipients[0].verdict, Verdict::kFailed);
  EXPECT_GT(driver.now, at(24h * 7));
  EXPECT_EQ(driver.now, at(400s * 39 * 39));
  EXPECT_EQ(attempts, 40);
}

TEST(Lifetime, OfTheNullSenderIsItsOwn) {
  Policy policy;
  policy.of(Terms::kReport).end = 1h;
  Driver driver(policy);
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 0, {}};
  driver.scheduler.accept({MessageId(1), at(-90min), true, ""}, {&job, 1}, at(0s));
  driver.scheduler.accept({MessageId(2), at(-90min), false, ""}, {&job, 1}, at(0s));
  driver.plan();
  EXPECT_TRUE(driver.defer().recipients[0].too_old);
  EXPECT_FALSE(driver.defer().recipients[0].too_old);
}

TEST(Lifetime, OfNothingIsOneAttemptEvenInTheInstantOfArrival) {
  Policy policy;
  policy.set_lifetimes(0s);
  Driver driver(policy);
  driver.send("a.example");
  ASSERT_EQ(driver.plan(), 1u);
  EXPECT_TRUE(driver.defer().recipients[0].too_old);
  EXPECT_EQ(driver.scheduler.messages(), 0u);
}

TEST(Lifetime, EndsBehindAnUnreachableDestinationWithoutAnAttempt) {
  Policy policy;
  policy.set_lifetimes(2h);
  Driver driver(policy);
  driver.send_many(50, "dead.example");
  int attempts = 0;
  while (driver.expired.empty() && driver.now < at(24h)) {
    attempts += static_cast<int>(driver.plan());
    while (!driver.running.empty()) driver.unreachable();
    driver.plan();
    if (driver.expired.empty()) driver.now = *driver.wake;
  }
  EXPECT_GE(driver.expired.size(), 37u);  // all that waited for a probe
  EXPECT_LE(driver.now, at(2h + 1min));
  EXPECT_LE(attempts, 5 + 8);
  driver.pass_until_start(at(24h));
  while (!driver.running.empty()) EXPECT_TRUE(driver.unreachable().recipients[0].too_old);
  driver.pass_until_start(at(24h));
  EXPECT_EQ(driver.scheduler.messages(), 0u);
}

TEST(Lifetime, LengthenedByANewPolicySpares) {
  Policy policy;
  policy.set_lifetimes(1h);
  Driver driver(policy);
  driver.send("dead.example");
  driver.plan();
  driver.unreachable();
  driver.scheduler.suspend({Channel::kRemote, "dead.example"}, driver.now);
  driver.now = at(2h);
  driver.plan();
  EXPECT_EQ(driver.reason(1), Reason::kSuspension);
  policy.set_lifetimes(24h);
  driver.scheduler.set_policy(policy, driver.now);
  driver.scheduler.resume({Channel::kRemote, "dead.example"}, driver.now);
  EXPECT_EQ(driver.plan(), 1u);
  EXPECT_TRUE(driver.expired.empty());
  EXPECT_FALSE(driver.unreachable().recipients[0].too_old);
}

Policy warning_policy(Duration after = 4h) {
  Policy policy;
  policy.of(Terms::kNormal).warning = after;
  return policy;
}
// Defers every attempt until then.
void try_until(Driver& driver, MonoTime end) {
  while (driver.pass_until_start(end) > 0)
    while (!driver.running.empty()) driver.defer();
}

TEST(DelayedMessage, IsNamedLateOnceAfterTheTimeOfThePolicy) {
  Driver driver(warning_policy());
  driver.send("dead.example");
  try_until(driver, at(4h - 1s));
  EXPECT_THAT(driver.late, ElementsAre());
  try_until(driver, at(4h + 1min));
  EXPECT_THAT(driver.late, ElementsAre(1));
  try_until(driver, at(24h * 8));
  EXPECT_THAT(driver.late, ElementsAre(1));
  EXPECT_EQ(driver.scheduler.messages(), 0u) << "and expires as any other";
}

TEST(DelayedMessage, IsNotNamedWhenItsSenderKnows) {
  Driver driver(warning_policy());
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 0, at(1h)};
  driver.scheduler.accept({MessageId(1), at(-5h), false, "", true}, {&job, 1}, at(0s));
  driver.scheduler.accept({MessageId(2), at(-5h), true, "", false}, {&job, 1}, at(0s));
  driver.scheduler.accept({MessageId(3), at(-5h), false, "", false}, {&job, 1}, at(0s));
  driver.plan();
  EXPECT_THAT(driver.late, ElementsAre(3)) << "not the warned one, nor a report";
}

TEST(DelayedMessage, IsTriedFirstAfterARestart) {
  Driver driver(warning_policy());
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 1, at(0s)};
  driver.scheduler.accept({MessageId(1), at(-5h), false, ""}, {&job, 1}, at(0s));
  driver.scheduler.accept({MessageId(2), at(-5h), false, ""}, {&job, 1}, at(0s));
  driver.plan();
  EXPECT_THAT(driver.late, ElementsAre());
  driver.deliver();
  driver.defer();
  driver.plan();
  EXPECT_THAT(driver.late, ElementsAre(2));
}

TEST(DelayedMessage, IsNotLateWhileItIsHeld) {
  Driver driver(warning_policy());
  driver.send("dead.example");
  driver.scheduler.hold(MessageId(1), driver.now);
  driver.now = at(6h);
  driver.plan();
  EXPECT_THAT(driver.late, ElementsAre());
  driver.scheduler.release(MessageId(1), driver.now);
  driver.plan();
  driver.defer();
  driver.plan();
  EXPECT_THAT(driver.late, ElementsAre(1));
}

TEST(DelayedMessage, IsJudgedByANewPolicy) {
  Driver driver(warning_policy());
  driver.send("dead.example");
  driver.scheduler.set_policy({}, driver.now);
  try_until(driver, at(5h));
  EXPECT_THAT(driver.late, ElementsAre()) << "nobody is to be warned";
  driver.scheduler.set_policy(warning_policy(6h), driver.now);
  try_until(driver, at(6h - 1s));
  EXPECT_THAT(driver.late, ElementsAre());
  try_until(driver, at(6h + 1min));
  EXPECT_THAT(driver.late, ElementsAre(1));
}

TEST(DelayedMessage, ThatFailsBeforeIsNotNamed) {
  Policy policy = warning_policy();
  policy.of(Terms::kNormal).end = 4h;
  Driver driver(policy);
  driver.send("dead.example");
  try_until(driver, at(24h));
  EXPECT_THAT(driver.late, ElementsAre());
  EXPECT_EQ(driver.scheduler.messages(), 0u);
}

TEST(DelayedMessages, OfAWholeQueueAreNamedAFewAtATime) {
  Driver driver(warning_policy());
  driver.scheduler.suspend({Channel::kRemote, "a"}, driver.now);
  driver.send_many(1000, "a");
  driver.now = at(5h);
  driver.plan();
  EXPECT_LT(driver.late.size(), 300u);
  for (int i = 0; i < 10 && driver.wake == driver.now; ++i) driver.plan();
  EXPECT_EQ(driver.late.size(), 1000u);
  EXPECT_EQ(std::set(driver.late.begin(), driver.late.end()).size(), 1000u);
}

TEST(LifetimesAndWarnings, GoByUrgency) {
  Policy policy;
  policy.of(Terms::kUrgent) = {2h, 1h};
  policy.of(Terms::kNonUrgent) = {24h, 12h};
  Driver driver(policy);
  driver.scheduler.suspend({Channel::kRemote, "a"}, driver.now);
  const std::uint32_t recipient = 0;
  const NewJob job{{Channel::kRemote, "a"}, {&recipient, 1}, 0, {}};
  for (const auto urgency : {mail::Urgency::kNormal, mail::Urgency::kUrgent, mail::Urgency::kNonUrgent}) {
    NewMessage message;
    message.id = MessageId(++driver.last);
    message.urgency = urgency;
    driver.scheduler.accept(message, {&job, 1}, driver.now);
  }
  EXPECT_EQ(driver.scheduler.explain(MessageId(2))->expires, at(2h));
  EXPECT_EQ(driver.scheduler.explain(MessageId(3))->terms, Terms::kNonUrgent);
  driver.pass_until_start(at(90min));
  EXPECT_THAT(driver.late, ElementsAre(2));
  driver.pass_until_start(at(13h));
  EXPECT_THAT(driver.late, ElementsAre(2, 3)) << "ordinary mail is never late by default";
}

}  // namespace
}  // namespace sluice::schedule
