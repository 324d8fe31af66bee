#include "system/net/loop.h"

#include <gtest/gtest.h>

#include <csignal>

#include "system/os/clock.h"

namespace sluice::net {
namespace {

TEST(Timer, FiresOnceAtTheLastTimeItWasSetTo) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.set_after(Duration{1});
  timer.set_after(Duration{20});
  const MonoTime start = os::mono_now();
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_GE(os::mono_now() - start, Duration{19});
}

TEST(Timer, DoesNotFireAfterCancel) {
  Loop loop;
  Timer timer(loop, [] { ADD_FAILURE(); });
  timer.set_after(Duration{1});
  timer.cancel();
  EXPECT_FALSE(timer.armed());
  loop.run();
}

TEST(Timer, MayBeDestroyedWhileArmed) {
  Loop loop;
  {
    Timer(loop, [] { ADD_FAILURE(); }).set_after(Duration{0});
  }
  loop.run();
}

TEST(Loop, RunsWorkForTheEndOfTheTurnAfterAllThatWasReady) {
  Loop loop;
  std::string order;
  Timer a(loop, [&] {
    order += 'a';
    loop.at_turn_end([&] { order += 'e'; });
  });
  Timer b(loop, [&] { order += 'b'; });
  a.set(os::mono_now());
  b.set(os::mono_now());
  loop.run();
  EXPECT_EQ(order, "abe");
}

TEST(Loop, HandsOverSignalsThatWereHeldUntilItAskedForThem) {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &held, nullptr), 0);
  ::raise(SIGUSR1);
  Loop loop;
  int seen = 0;
  loop.on_signals({SIGUSR1}, [&](int signo) {
    seen = signo;
    loop.stop();
  });
  Timer patience(loop, [&] { loop.stop(); });
  patience.set_after(Duration{5000});
  loop.run();
  EXPECT_EQ(seen, SIGUSR1);
}

TEST(Loop, HandsSignalsToTheLoop) {
  Loop loop;
  std::vector<int> seen;
  loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signo) {
    seen.push_back(signo);
    if (signo == SIGUSR2) loop.stop();
    std::raise(SIGUSR2);
  });
  std::raise(SIGUSR1);
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

}  // namespace
}  // namespace sluice::net
