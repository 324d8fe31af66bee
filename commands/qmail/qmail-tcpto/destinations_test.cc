#include "destinations.h"

#include <gtest/gtest.h>

namespace sluice::qmail_tcpto {

namespace {

TEST(Destinations, ThatAreAllWellSayNothing) { EXPECT_EQ(Destinations{}.text(1000), ""); }

TEST(Destinations, OfSeveralQueuesAreOneLineEach) {
  Destinations destinations;
  destinations.add("queue1", "remote", "x.test", {.failures = 2, .since = 900, .next = 1100, .jobs = 3});
  destinations.add("queue2", "remote", "x.test", {.failures = 5, .since = 200, .next = 1060, .jobs = 4});
  destinations.add("queue1", "lmtp", "/run/\x1b lmtp", {.failures = 1, .since = 1000, .next = 999, .jobs = 0});
  EXPECT_EQ(destinations.text(1000),
            "CHANNEL  FAILURES    SINCE  NEXT IN  WAITING  DESTINATION  QUEUES\n"
            "lmtp            1       0s      now        0  /run/??lmtp  queue1\n"
            "remote          5   13m20s       1m        7  x.test  queue1,queue2\n");
}

}  // namespace

}  // namespace sluice::qmail_tcpto
