#include "idle_pool.h"

#include <gmock/gmock.h>

namespace sluice::remote {
namespace {

using Pool = IdlePool<int>;

std::shared_ptr<int> session(int n) { return std::make_shared<int>(n); }
MonoTime at(int seconds) { return MonoTime{Seconds{seconds}}; }

TEST(AnIdleSession, IsTakenForItsOwnDestinationOnly) {
  Pool pool(10);
  ASSERT_TRUE(pool.put("x.test", session(1), at(5)));
  EXPECT_EQ(pool.take("y.test"), nullptr);
  EXPECT_EQ(*pool.take("x.test"), 1);
  EXPECT_EQ(pool.take("x.test"), nullptr);
}

TEST(TheSessionUsedLast, IsTakenFirst) {
  Pool pool(10);
  pool.put("x.test", session(1), at(5));
  pool.put("x.test", session(2), at(6));
  EXPECT_EQ(*pool.take("x.test"), 2);
}

TEST(SessionsWhoseTimeIsOver, AreCollectedAndTheOthersStay) {
  Pool pool(10);
  pool.put("x.test", session(1), at(5));
  pool.put("x.test", session(2), at(6));
  pool.put("y.test", session(3), at(5));
  EXPECT_EQ(pool.collect(at(4)).size(), 0u);
  EXPECT_EQ(pool.collect(at(5)).size(), 2u);
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_EQ(*pool.take("x.test"), 2);
}

TEST(APoolThatIsFull, LeavesTheSessionWithItsCaller) {
  Pool pool(1);
  EXPECT_TRUE(pool.put("x.test", session(1), at(5)));
  EXPECT_FALSE(pool.put("y.test", session(2), at(5)));
  pool.take("x.test");
  EXPECT_TRUE(pool.put("y.test", session(2), at(5)));
}

TEST(ASessionThatEnds, IsTakenOutWhereverItIs) {
  Pool pool(10);
  const auto ended = session(1);
  pool.put("x.test", ended, at(5));
  pool.put("x.test", session(2), at(5));
  EXPECT_EQ(pool.remove(ended.get()), ended);
  EXPECT_EQ(pool.remove(ended.get()), nullptr);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(APoolThatWasEmptied, HoldsNothingForItsFormerDestinations) {
  Pool pool(10);
  for (int i = 0; i < 100; ++i) pool.put(std::to_string(i), session(i), at(5));
  for (int i = 0; i < 100; ++i) pool.take(std::to_string(i));
  EXPECT_FALSE(pool.empty());
  pool.collect(at(0));
  EXPECT_TRUE(pool.empty());
}

}  // namespace
}  // namespace sluice::remote
