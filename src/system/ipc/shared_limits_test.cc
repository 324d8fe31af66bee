#include "system/ipc/shared_limits.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/schedule/scheduler.h"
#include "system/net/socket.h"
#include "system/os/clock.h"

namespace sluice::ipc {
namespace {

using Answer = schedule::SharedLimits::Answer;
using Row = InstanceLimits::Row;
constexpr schedule::LaneKey kSite{queue::Channel::kRemote, "site.example"};

class SharedTable : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-limits-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<InstanceLimits> open(unsigned queue) {
    auto limits = InstanceLimits::open(directory_, queue, [](const std::string&) {});
    EXPECT_TRUE(limits) << limits.error();
    return limits ? std::move(*limits) : nullptr;
  }
  std::string directory_;
};

TEST_F(SharedTable, QueuesWithTheSameNumberModuloSixtyFourGetDifferentColumns) {
  const auto one = open(1), other = open(65);
  EXPECT_EQ(one->column(), 1u);
  EXPECT_EQ(other->column(), 2u);
}

TEST_F(SharedTable, TheSixtyFifthQueueIsRefused) {
  std::vector<std::unique_ptr<InstanceLimits>> queues;
  for (unsigned queue = 0; queue < 64; ++queue) queues.push_back(open(queue));
  const auto refused = InstanceLimits::open(directory_, 64, [](const std::string&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "more than 64 queues run");
}

TEST_F(SharedTable, OneQueueSeesWhatAnotherHolds) {
  const auto one = open(1), other = open(2);
  Row row = schedule::SharedLimits::kNoRow, same = row;
  ASSERT_EQ(one->limits().take(row, kSite, 1), Answer::kTaken);
  EXPECT_EQ(other->limits().take(same, kSite, 1), Answer::kFull);
  EXPECT_EQ(other->limits().holders(same).front().queue, 1u);
}

TEST_F(SharedTable, AQueueThatWaitsIsCalledInItsLoop) {
  net::Loop loop;
  const auto one = open(1), other = open(2);
  Row row = schedule::SharedLimits::kNoRow, same = row, freed = row;
  ASSERT_EQ(one->limits().take(row, kSite, 1), Answer::kTaken);
  ASSERT_EQ(other->limits().take(same, kSite, 1), Answer::kFull);
  other->listen(loop, [&](Row which) {
    freed = which;
    loop.stop();
  });
  one->limits().give_back(row, 1);
  loop.run();
  EXPECT_EQ(freed, same);
}

TEST_F(SharedTable, AFullSocketIsFollowedByALookAtEverything) {
  net::Loop loop;
  const auto one = open(1), other = open(2);
  Row row = schedule::SharedLimits::kNoRow, same = row;
  for (int i = 0; i < 100'000; ++i) {  // nobody reads
    ASSERT_EQ(one->limits().take(row, kSite, 1), Answer::kTaken);
    ASSERT_EQ(other->limits().take(same, kSite, 1), Answer::kFull);
    one->limits().give_back(row, 1);
    other->limits().stop_waiting(same);
  }
  bool looked = false;
  other->listen(loop, [&](Row which) {
    looked = which == schedule::SharedLimits::kNoRow;
    if (looked) loop.stop();
  });
  loop.run();
  EXPECT_TRUE(looked);
}

TEST_F(SharedTable, StrangeCallsDoNoHarm) {
  net::Loop loop;
  const auto one = open(1);
  const int stranger = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  const auto address = net::Endpoint::path(directory_ + "/bell-1");
  for (const std::string& text : {std::string(), std::string("x"), std::string(9, '\xee'), std::string(4, '\xee')})
    ::sendto(stranger, text.data(), text.size(), 0, address->data(), address->length());
  ::close(stranger);
  schedule::Scheduler scheduler(schedule::Policy{}, &one->limits());
  int calls = 0;
  one->listen(loop, [&](Row which) {
    ++calls;
    scheduler.limit_freed(which, loop.now());
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(SharedTable, AFileThatIsNoTableIsMadeOneUnlessItIsInUse) {
  std::ofstream(directory_ + "/table") << "something else";
  const auto one = open(1);
  ASSERT_NE(one, nullptr);
  std::filesystem::resize_file(directory_ + "/table", sizeof(schedule::LimitTable) + 1);
  const auto refused = InstanceLimits::open(directory_, 2, [](const std::string&) {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("another version"), std::string::npos);
}

TEST_F(SharedTable, TheFirstQueueFindsNothingOfFormerTimes) {
  Row row = schedule::SharedLimits::kNoRow;
  ASSERT_EQ(open(1)->limits().take(row, kSite, 1), Answer::kTaken);
  row = schedule::SharedLimits::kNoRow;
  EXPECT_EQ(open(2)->limits().take(row, kSite, 1), Answer::kTaken);
}

TEST_F(SharedTable, WithoutADirectoryAnErrorSaysSo) {
  const auto refused = InstanceLimits::open(directory_ + "/none", 2, [](const std::string&) {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("/none/table"), std::string::npos);
}

// A child that opens the column of `queue` and does `work` until it is killed.
template <class Work>
pid_t child(const std::string& directory, unsigned queue, Work work) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with the test, however that ends
  auto limits = InstanceLimits::open(directory, queue, [](const std::string&) {});
  if (limits) work(**limits);
  ::_exit(limits ? 0 : 1);
}

void end(pid_t pid, int signo) {
  ::kill(pid, signo);
  ::waitpid(pid, nullptr, 0);
}

template <class Condition>
bool becomes_true(Condition condition) {
  const MonoTime deadline = os::mono_now() + Duration{20'000};
  while (!condition() && os::mono_now() < deadline) std::this_thread::sleep_for(Duration{5});
  return condition();
}

TEST_F(SharedTable, WhatAKilledQueueHeldIsFreedByItsSuccessorOrAfterASecondByWhoWaits) {
  for (const bool comes_back : {true, false}) {
    const auto one = open(1);
    Row row = schedule::SharedLimits::kNoRow;
    const pid_t pid = child(directory_, 2, [](InstanceLimits& other) {
      Row its = schedule::SharedLimits::kNoRow;
      while (other.limits().take(its, kSite, 3) == Answer::kTaken) {
      }
      ::pause();
    });
    const bool held = becomes_true([&] {
      const auto answer = one->limits().take(row, kSite, 3);
      if (answer == Answer::kTaken) one->limits().give_back(row, 3);
      return answer == Answer::kFull;
    });
    end(pid, SIGKILL);
    ASSERT_TRUE(held);
    EXPECT_FALSE(one->limits().may_take(row, 3)) << "its attempts are not over at once";
    const auto successor = comes_back ? open(2) : nullptr;
    const bool freed = becomes_true([&] {
      one->limits().heal();
      return one->limits().may_take(row, 3);
    });
    EXPECT_TRUE(freed);
    EXPECT_TRUE(one->limits().holders(row).empty());
  }
}

// Processes that take and give back as fast as they can, one of which is killed again and again. What the limit
// guards is counted in memory that all share.
TEST_F(SharedTable, ProcessesNeverHoldMoreThanTheLimitThoughSomeAreKilled) {
  constexpr std::uint32_t kLimit = 3;
  constexpr unsigned kQueues = 3;
  struct Shared {
    std::array<std::atomic<std::uint32_t>, 8> held;
    std::atomic<std::uint32_t> most;
    std::array<std::atomic<std::uint64_t>, 8> taken;
  };
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& shared = *static_cast<Shared*>(memory);
  const auto hammer = [&shared](unsigned number) {
    return [&shared, number](InstanceLimits& limits) {
      std::array<Row, 4> rows;
      rows.fill(schedule::SharedLimits::kNoRow);
      for (std::uint64_t round = 0;; ++round) {
        const bool guarded = round % 4 == 0;
        Row& row = rows[round % 4];
        const std::string name = guarded ? "site.example" : "other" + std::to_string(round % 1024) + ".example";
        if (limits.limits().take(row, {queue::Channel::kRemote, name}, kLimit) == Answer::kTaken) {
          if (guarded) {
            ++shared.held[number];
            std::uint32_t now = 0;
            for (const auto& held : shared.held) now += held;
            for (std::uint32_t seen = shared.most; seen < now && !shared.most.compare_exchange_weak(seen, now);) {
            }
            if (round % 64 == 0) std::this_thread::yield();
            ++shared.taken[number];
            --shared.held[number];
          }
          limits.limits().give_back(row, kLimit);
        }
        if (row != schedule::SharedLimits::kNoRow && (!guarded || round % 16 == 0))
          limits.limits().leave(std::exchange(row, schedule::SharedLimits::kNoRow));
      }
    };
  };
  std::array<pid_t, kQueues> pids{};
  for (unsigned number = 0; number < kQueues; ++number) pids[number] = child(directory_, number, hammer(number));
  bool all_get_on = true;
  for (int round = 0; round < 20; ++round) {
    for (unsigned number = 0; number < kQueues; ++number) {
      const std::uint64_t before = shared.taken[number];
      all_get_on = becomes_true([&] { return shared.taken[number] > before + 100; }) && all_get_on;
    }
    end(pids[0], SIGKILL);
    shared.held[0] = 0;
    pids[0] = child(directory_, 0, hammer(0));
  }
  for (const pid_t pid : pids) end(pid, SIGKILL);
  EXPECT_LE(shared.most, kLimit);
  EXPECT_TRUE(all_get_on);
  ::munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace sluice::ipc
