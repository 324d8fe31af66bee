// The table of shared limits: its protocol, step by step and with threads that contend for it.
#include "core/schedule/limit_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::schedule {
namespace {

using Answer = SharedLimits::Answer;
using Row = SharedLimits::Row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr LaneKey kSite{Channel::kRemote, "site.example"};

// Remembers who was to be told what.
class Rings final : public LimitPeers {
 public:
  void ring(unsigned column, Row row) override { rung.emplace_back(column, row); }
  void bury() override { ++burials; }
  void full() override { ++refusals; }
  std::vector<std::pair<unsigned, Row>> rung;
  int burials = 0, refusals = 0;
};

class Table : public ::testing::Test {
 protected:
  std::unique_ptr<LimitTable> table = LimitTable::in_memory(7);
  Rings rings;
  LimitColumn a{*table, 1, 11, rings}, b{*table, 2, 12, rings}, c{*table, 63, 13, rings};
  Row row_a = SharedLimits::kNoRow, row_b = row_a, row_c = row_a;

  static int take_all(LimitColumn& column, Row& row, std::uint32_t limit) {
    int taken = 0;
    while (column.take(row, kSite, limit) == Answer::kTaken) ++taken;
    return taken;
  }
};

TEST_F(Table, QueuesTogetherHoldNoMoreThanTheLimit) {
  EXPECT_EQ(take_all(a, row_a, 3), 3);
  EXPECT_EQ(take_all(b, row_b, 3), 0);
  EXPECT_EQ(row_a, row_b);
}

TEST_F(Table, ChannelsAndDestinationsHaveRowsOfTheirOwn) {
  ASSERT_EQ(a.take(row_a, kSite, 1), Answer::kTaken);
  EXPECT_EQ(b.take(row_b, {Channel::kLmtp, kSite.destination}, 1), Answer::kTaken);
  EXPECT_EQ(c.take(row_c, {Channel::kRemote, "other.example"}, 1), Answer::kTaken);
}

TEST_F(Table, ASlotThatComesFreeIsReservedForTheQueueThatWaits) {
  ASSERT_EQ(take_all(a, row_a, 1), 1);
  ASSERT_EQ(take_all(b, row_b, 1), 0);
  a.give_back(row_a, 1);
  EXPECT_THAT(rings.rung, ElementsAre(Pair(2u, row_b)));
  EXPECT_EQ(a.take(row_a, kSite, 1), Answer::kFull) << "the busy queue does not get it back first";
  EXPECT_EQ(b.take(row_b, kSite, 1), Answer::kTaken);
}

TEST_F(Table, QueuesThatWaitTakeTurns) {
  ASSERT_EQ(take_all(a, row_a, 1), 1);
  std::vector<unsigned> order;
  LimitColumn* holder = &a;
  take_all(b, row_b, 1);
  take_all(c, row_c, 1);
  for (int turn = 0; turn < 6; ++turn) {
    Row row = row_a;
    holder->give_back(row, 1);
    holder->take(row, kSite, 1);  // wants the next one too
    order.push_back(rings.rung.back().first);
    holder = order.back() == 1 ? &a : order.back() == 2 ? &b : &c;
    ASSERT_EQ(holder->take(row, kSite, 1), Answer::kTaken);
  }
  EXPECT_THAT(order, ElementsAre(2u, 63u, 1u, 2u, 63u, 1u));
}

TEST_F(Table, WhoHasNoUseForItsTurnHandsItOn) {
  take_all(a, row_a, 1);
  take_all(b, row_b, 1);
  take_all(c, row_c, 1);
  a.give_back(row_a, 1);
  b.stop_waiting(row_b);
  EXPECT_THAT(rings.rung, ElementsAre(Pair(2u, row_b), Pair(63u, row_c)));
  EXPECT_EQ(c.take(row_c, kSite, 1), Answer::kTaken);
}

TEST_F(Table, NothingIsReservedWhileALoweredLimitIsExceeded) {
  ASSERT_EQ(take_all(a, row_a, 5), 5);
  take_all(b, row_b, 2);
  for (int left = 5; left > 2; --left) a.give_back(row_a, 2);
  EXPECT_THAT(rings.rung, IsEmpty());
  a.give_back(row_a, 2);
  EXPECT_THAT(rings.rung, ElementsAre(Pair(2u, row_b)));
}

TEST_F(Table, AZeroedColumnHoldsAndReservesNothing) {
  ASSERT_EQ(take_all(a, row_a, 4), 4);
  take_all(b, row_b, 4);
  a.give_back(row_a, 4);  // reserved for b
  table->zero_column(2);
  EXPECT_EQ(take_all(c, row_c, 4), 1);
  table->zero_column(1);
  EXPECT_EQ(take_all(c, row_c, 4), 3);
}

TEST_F(Table, ANewOwnerOfAColumnFindsItEmpty) {
  ASSERT_EQ(take_all(a, row_a, 4), 4);
  LimitColumn again(*table, 1, 14, rings);
  Row row = SharedLimits::kNoRow;
  EXPECT_EQ(take_all(again, row, 4), 4);
  EXPECT_EQ(again.holders(row).front().queue, 14u);
}

TEST_F(Table, SaysWhoHoldsTheSlots) {
  for (int i = 0; i < 2; ++i) a.take(row_a, kSite, 9);
  c.take(row_c, kSite, 9);
  const auto holders = b.holders(row_a);
  ASSERT_EQ(holders.size(), 2u);
  EXPECT_EQ(holders[0].queue, 11u);
  EXPECT_EQ(holders[0].attempts, 2u);
  EXPECT_EQ(holders[1].queue, 13u);
  EXPECT_EQ(holders[1].attempts, 1u);
}

TEST_F(Table, RowsThatNobodyUsesServeOtherDestinations) {
  for (int round = 0; round < 100'000; ++round) {
    const std::string name = "site" + std::to_string(round) + ".example";
    Row row = SharedLimits::kNoRow;
    ASSERT_EQ(a.take(row, {Channel::kRemote, name}, 1), Answer::kTaken);
    a.give_back(row, 1);
    a.leave(row);
  }
}

TEST_F(Table, AFullTableCountsNoMoreAndSaysSo) {
  std::vector<Row> rows;
  while (rings.refusals == 0) {
    const std::string name = "site" + std::to_string(rows.size()) + ".example";
    Row& row = rows.emplace_back(SharedLimits::kNoRow);
    const Answer answer = a.take(row, {Channel::kRemote, name}, 1);
    ASSERT_EQ(answer == Answer::kUncounted, row == SharedLimits::kNoRow);
  }
  EXPECT_GT(rows.size(), 4000u) << "a bucket of sixteen fills early only by bad luck";
  EXPECT_EQ(rings.burials, 1) << "queues that are no more are looked for before anything is given up";
}

TEST_F(Table, ABucketThatAnotherQueueKeepsLockedMakesTheLaneWaitNotTheProcess) {
  ASSERT_EQ(a.take(row_a, kSite, 1), Answer::kTaken);
  table->buckets[row_a / LimitBucket::kRows].lock = 3;
  EXPECT_EQ(b.take(row_b, kSite, 9), Answer::kFull);
  EXPECT_EQ(row_b, SharedLimits::kNoRow);
  EXPECT_TRUE(b.may_take(row_b, 9));
  table->zero_column(2);  // the one that locked it is no more
  EXPECT_EQ(b.take(row_b, kSite, 9), Answer::kTaken);
}

TEST_F(Table, WhateverTheMemoryHoldsNothingOutsideIsTouched) {
  std::vector<Row> rows(64, SharedLimits::kNoRow);
  std::uint64_t chance = 1;
  for (int round = 0; round < 300; ++round) {
    auto* octets = reinterpret_cast<unsigned char*>(table.get());
    for (int i = 0; i < 20'000; ++i) {
      chance = chance * 6364136223846793005u + 1442695040888963407u;
      octets[(chance >> 20) % sizeof(LimitTable)] = static_cast<unsigned char>(chance >> 56);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string name = "site" + std::to_string(i);
      a.take(rows[i], {Channel::kRemote, name}, 3);
      if (rows[i] != SharedLimits::kNoRow) a.give_back(rows[i], 3);
      a.stop_waiting(static_cast<Row>(chance >> 32));
      a.holders(rows[i]);
      if (i % 3 == 0 && rows[i] != SharedLimits::kNoRow) a.leave(std::exchange(rows[i], SharedLimits::kNoRow));
    }
  }
}

// Threads, as processes would: the limit holds at every instant, and all of them get on.
TEST(LimitTableContended, ThreadsNeverHoldMoreThanTheLimitAndEachGetsItsShare) {
  constexpr unsigned kThreads = 4;
  constexpr std::uint32_t kLimit = 3;
  constexpr int kWanted = 20'000;
  const auto table = LimitTable::in_memory(1);
  std::atomic<std::uint32_t> held = 0, most = 0;
  struct Peers final : LimitPeers {
    void ring(unsigned column, Row) override { called[column] = true; }
    void bury() override {}
    void full() override {}
    std::array<std::atomic<bool>, kThreads> called{};
  } peers;
  std::array<std::atomic<int>, kThreads> lost{};
  const auto work = [&](unsigned number) {
    LimitColumn column(*table, number, number, peers);
    Row row = SharedLimits::kNoRow;
    for (int taken = 0; taken < kWanted;) {
      if (column.take(row, kSite, kLimit) == Answer::kTaken) {
        ++taken;
        const std::uint32_t now = ++held;
        for (std::uint32_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        if (taken % 64 == 0) std::this_thread::yield();
        --held;
        column.give_back(row, kLimit);
        if (taken % 8 == 0) column.leave(std::exchange(row, SharedLimits::kNoRow));
      } else {
        int patience = 100'000;
        while (!peers.called[number].exchange(false) && --patience > 0) std::this_thread::yield();
        if (patience == 0) ++lost[number];
      }
    }
    column.stop_waiting(row);
    if (row != SharedLimits::kNoRow) column.leave(row);
  };
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < kThreads; ++number) threads.emplace_back(work, number);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, kLimit);
  EXPECT_EQ(held, 0u);
  for (const auto& count : lost) EXPECT_LT(count, kWanted / 100) << "calls that never came";
}

}  // namespace
}  // namespace sluice::schedule
