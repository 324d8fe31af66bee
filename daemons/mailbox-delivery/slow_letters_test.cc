#include "slow_letters.h"

#include <gtest/gtest.h>

namespace sluice::mailbox_delivery {
namespace {

// The payload is no letter, so that the child ends at once and without a report.
TEST(SlowLetters, NoChildIsMadeWhileTheyAreHeld) {
  net::Loop loop;
  const link::WorkerSetup setup;
  std::vector<std::uint64_t> done;
  SlowLetters letters(loop, setup, "", [&](const link::LetterDone& one) {
    EXPECT_EQ(one.outcome.verdict, mail::Verdict::kDeferred);
    done.push_back(one.token);
    loop.stop();
  });
  net::Timer patience(loop, [&] { loop.stop(); });
  patience.set_after(Seconds{60});
  letters.hold(true);
  letters.take(7, "no letter", {});
  EXPECT_TRUE(letters.empty());
  letters.hold(false);
  EXPECT_FALSE(letters.empty());
  loop.run();
  EXPECT_EQ(done, std::vector<std::uint64_t>{7});
}

}  // namespace
}  // namespace sluice::mailbox_delivery
