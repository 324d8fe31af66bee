// The small parts: curve, window, back-off, bucket, heap, slab, recipients, calendar.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "core/schedule/backoff.h"
#include "core/schedule/due_heap.h"
#include "core/schedule/expiry_calendar.h"
#include "core/schedule/health.h"
#include "core/schedule/records.h"
#include "core/schedule/retry_curve.h"
#include "core/schedule/token_bucket.h"
#include "core/schedule/window.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Trouble;

MonoTime at(Duration t) { return MonoTime{t}; }

TEST(IntegerRoot, IsTheFloorOfTheSquareRoot) {
  for (std::uint64_t n = 0; n < 70'000; ++n) {
    const std::uint64_t root = integer_root(n);
    ASSERT_LE(root * root, n);
    ASSERT_GT((root + 1) * (root + 1), n);
  }
  EXPECT_EQ(integer_root(~std::uint64_t{0}), 0xFFFFFFFFu);
}

TEST(RetryCurve, RemoteAttemptsAreDueAtFourHundredSecondsTimesSquares) {
  MonoTime tried = at(-5h);
  for (int k = 1; k <= 30; ++k) {
    tried = next_attempt(at(-5h), tried, 20);
    EXPECT_EQ(tried, at(-5h) + 400s * k * k);
  }
}

TEST(RetryCurve, LocalAttemptsAreDueAtOneHundredSecondsTimesSquares) {
  EXPECT_EQ(next_attempt(at(0s), at(0s), 10), at(100s));
  EXPECT_EQ(next_attempt(at(0s), at(100s), 10), at(400s));
  EXPECT_EQ(next_attempt(at(0s), at(400s), 10), at(900s));
}

TEST(RetryCurve, AnAttemptThatBeganLateMovesOnFromWhereItIs) {
  EXPECT_EQ(next_attempt(at(0s), at(500s), 20), at(42s * 42));  // floor(sqrt(500)) = 22
  EXPECT_EQ(next_attempt(at(0s), at(500s + 900ms), 20), at(42s * 42));
}

TEST(RetryCurve, BirthInTheFutureCountsAsAgeZero) { EXPECT_EQ(next_attempt(at(1h), at(0s), 20), at(1h + 400s)); }

TEST(WindowOfALane, DoublesPerWindowOfSuccessesUpToItsLimit) {
  const WindowBounds bounds{1, 5, 20};
  Window window(bounds);
  EXPECT_EQ(window.size(), 5u);
  for (int i = 0; i < 5; ++i) window.grow(bounds);
  EXPECT_EQ(window.size(), 10u);
  for (int i = 0; i < 50; ++i) window.grow(bounds);
  EXPECT_EQ(window.size(), 20u);
}

TEST(WindowOfALane, IsHalvedOncePerRoundOfTroubleAndThenOpensByOne) {
  const WindowBounds bounds{1, 16, 40};
  Window window(bounds);
  for (std::uint64_t attempt = 1; attempt <= 16; ++attempt) window.shrink(bounds, attempt, 16);
  EXPECT_EQ(window.size(), 8u);
  for (int i = 0; i < 8; ++i) window.grow(bounds);
  EXPECT_EQ(window.size(), 9u);
  window.shrink(bounds, 17, 17);
  EXPECT_EQ(window.size(), 4u);
}

TEST(WindowOfALane, NeverLeavesItsBounds) {
  const WindowBounds bounds = WindowBounds{3, 50, 8}.in_order();
  Window window(bounds);
  EXPECT_EQ(window.size(), 8u);
  for (std::uint64_t attempt = 1; attempt < 20; ++attempt) window.shrink(bounds, attempt, attempt);
  EXPECT_EQ(window.size(), 3u);
  window.clamp({1, 1, 2});
  EXPECT_EQ(window.size(), 2u);
  EXPECT_EQ((WindowBounds{9, 5, 0}.in_order().floor), 1u);
}

TEST(BackoffOfALane, DoublesFromOneMinuteToOneHour) {
  Backoff backoff;
  const BackoffBounds bounds;
  EXPECT_FALSE(backoff.active());
  for (const auto delay : {1min, 2min, 4min, 8min, 16min, 32min, 60min, 60min}) {
    backoff.fail(bounds, at(10h));
    EXPECT_EQ(backoff.until(), at(10h) + delay);
  }
  backoff.reset();
  EXPECT_FALSE(backoff.active());
}

TEST(TokenBucketOfALane, AllowsTheRateInTheLongRunAndTheBurstAtOnce) {
  TokenBucket bucket;
  const Rate rate{10, 1s, 3};
  MonoTime now = at(-100s);
  int taken = 0;
  for (; bucket.ready_at(rate, now) == now; ++taken) bucket.take(rate, now);
  EXPECT_EQ(taken, 3);
  for (; now < at(-90s); now = bucket.ready_at(rate, now), ++taken) bucket.take(rate, now);
  EXPECT_NEAR(taken, 103, 1);
  EXPECT_GE(bucket.full_at(rate), now);
}

TEST(TokenBucketOfALane, WithoutARateIsAlwaysReady) {
  TokenBucket bucket;
  bucket.take({}, at(1s));
  EXPECT_EQ(bucket.ready_at({}, at(1s)), at(1s));
}

TEST(HealthOfADestination, OneFailureToReachItBeginsTheBackoffAndStragglersDoNotProlongIt) {
  const WindowBounds window;
  const BackoffBounds delays;
  Health health(window);
  EXPECT_EQ(health.standing(), Standing::kUnknown);
  for (std::uint64_t serial = 1; serial <= 5; ++serial)
    health.ended(serial, 5, Trouble::kUnreachable, at(0s), window, delays);
  EXPECT_EQ(health.standing(), Standing::kTroubled);
  EXPECT_EQ(health.backoff().until(), at(1min));
  health.started(6);
  EXPECT_TRUE(health.probing());
  health.ended(6, 6, Trouble::kUnreachable, at(1min), window, delays);
  EXPECT_EQ(health.backoff().until(), at(3min));
  health.started(7);
  health.ended(7, 7, Trouble::kNone, at(3min), window, delays);
  EXPECT_EQ(health.standing(), Standing::kProven);
}

TEST(HealthOfADestination, ThatAnsweredMeanwhileIsNotLeftAloneForOneLostConnection) {
  Health health{WindowBounds{}};
  health.ended(2, 3, Trouble::kNone, at(0s), {}, {});
  health.ended(1, 3, Trouble::kUnreachable, at(0s), {}, {});
  EXPECT_EQ(health.standing(), Standing::kProven);
  EXPECT_EQ(health.window().size(), 3u);
}

TEST(HealthOfADestination, LosingEveryConnectionEndsInBackoff) {
  Health health{WindowBounds{}};
  std::uint64_t serial = 0;
  while (!health.in_backoff() && serial < 10) {
    ++serial;
    health.ended(serial, serial, Trouble::kConnection, at(0s), {}, {});
  }
  EXPECT_EQ(serial, 3u);  // window 5, 2, 1
}

struct Thing {
  int value = 0;
  Links links;
};

TEST(SlabOfRecords, KeepsIndicesValidAndGivesChunksBack) {
  Slab<Thing> slab;
  std::vector<Index> indices;
  for (int i = 0; i < 5000; ++i) indices.push_back(slab.add({i, {}}));
  for (std::size_t i = 0; i < indices.size(); i += 2) slab.remove(indices[i]);
  for (std::size_t i = 1; i < indices.size(); i += 2) EXPECT_EQ(slab[indices[i]].value, static_cast<int>(i));
  std::size_t visited = 0;
  slab.for_each([&](Index index, Thing&) {
    ++visited;
    slab.remove(index);
  });
  EXPECT_EQ(visited, 2500u);
  EXPECT_EQ(slab.size(), 0u);
  EXPECT_LE(slab.octets(), 1024 * sizeof(Thing));
}

TEST(ListInASlab, KeepsItsOrderUnderEveryRemoval) {
  Slab<Thing> slab;
  List<Thing, &Thing::links> list;
  for (int i = 0; i < 4; ++i) list.push_back(slab, slab.add({i, {}}));
  list.push_front(slab, slab.add({9, {}}));
  list.erase(slab, 2);
  list.erase(slab, 3);
  std::vector<int> values;
  for (Index i = list.head(); i != kNowhere; i = slab[i].links.next) values.push_back(slab[i].value);
  EXPECT_EQ(values, (std::vector{9, 0, 1}));
}

TEST(DueHeapOfJobs, BehavesLikeASortedSetUnderRandomUse) {
  std::mt19937 random(7);
  DueHeap heap;
  std::vector<Index> positions(3000, kNowhere);
  std::set<std::pair<MonoTime, Index>> model;
  std::vector<MonoTime> dues(positions.size());
  const auto moved = [&](Index index, Index position) { positions[index] = position; };
  for (int step = 0; step < 60'000; ++step) {
    const auto index = static_cast<Index>(random() % positions.size());
    if (positions[index] != kNowhere) {
      heap.erase(positions[index], moved);
      model.erase({dues[index], index});
      positions[index] = kNowhere;
    } else {
      dues[index] = at(std::chrono::milliseconds(static_cast<int>(random() % 2000) - 1000));
      model.emplace(dues[index], index);
      heap.push(dues[index], index, moved);
    }
    ASSERT_EQ(heap.size(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(std::pair(heap.top_time(), heap.top_index()), *model.begin());
    }
  }
  while (!heap.empty()) {
    const Index index = heap.pop(moved);
    ASSERT_EQ(model.begin()->second, index);
    model.erase(model.begin());
  }
  EXPECT_LE(heap.octets(), 4096u);
}

TEST(RecipientsOfAJob, AreOwnedWhetherOneOrMany) {
  const std::vector<std::uint32_t> many{5, 6, 7};
  Recipients a{std::span(many)};
  Recipients b = std::move(a);
  EXPECT_EQ(a.size(), 0u);
  b.assign(b.all().subspan(1));
  EXPECT_TRUE(std::ranges::equal(b.all(), std::vector{6u, 7u}));
  b.assign(b.all().subspan(1));
  EXPECT_TRUE(std::ranges::equal(b.all(), std::vector{7u}));
  a = std::move(b);
  EXPECT_EQ(a.all().front(), 7u);
}

TEST(ExpiryCalendarOfMessages, HandsEachOutOnceWithinAMinuteOfItsEndAndNeverEarly) {
  Messages messages;
  ExpiryCalendar calendar;
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    Message message;
    message.birth = at(-std::chrono::seconds(random() % 7200));
    calendar.add(messages, messages.add(message), 1h, at(0s));
  }
  calendar.remove(messages, 17);
  std::set<Index> seen;
  for (MonoTime now = at(0s); now < at(3h); now += 1s) {
    for (Index index = calendar.next(messages, 1h, now); index != kNowhere; index = calendar.next(messages, 1h, now)) {
      ASSERT_TRUE(seen.insert(index).second);
      ASSERT_GE(now, messages[index].birth + 1h);
      ASSERT_LE(now, std::max(messages[index].birth + 1h, at(0s)) + 1min);
    }
  }
  EXPECT_EQ(seen.size(), 499u);
  EXPECT_FALSE(calendar.due(1h));
}

}  // namespace
}  // namespace sluice::schedule
