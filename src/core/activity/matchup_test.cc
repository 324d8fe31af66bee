#include "core/activity/matchup.h"

#include <gtest/gtest.h>

namespace sluice::activity {

namespace {

class MatchupTest : public ::testing::Test {
 protected:
  // Takes lines; what came out.
  std::string take(std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      matchup_.take(lines.substr(0, end), out);
      lines.remove_prefix(end + 1);
    }
    return out;
  }
  std::string pending() {
    std::string out;
    matchup_.append_pending(out);
    return out;
  }
  Matchup matchup_;
};

// Two queues of IndiMail, both with message 11207192 and deliveries that count from 1, as one logger wrote them.
constexpr std::string_view kTwoQueues =
    "@400000006561a1b4000003e8 new msg 11207192 queue1\n"
    "@400000006561a1b4000007d0 info msg 11207192: bytes 500 from <Ann@X.test> qp 100 uid 10 queue1\n"
    "@400000006561a1b500000000 new msg 11207192 queue2\n"
    "@400000006561a1b500000001 info msg 11207192: bytes 900 from <bob@y.test> qp 200 uid 20 queue2\n"
    "@400000006561a1b500000002 remote: ann@x.test C@z.test 11207192 500 bytes queue1 mqueue mode\n"
    "@400000006561a1b600000000 starting delivery 1.1: msg 11207192 to remote C@z.test queue1\n"
    "@400000006561a1b600000001 status: local 0/10 remote 1/20 queue1\n"
    "@400000006561a1b600000002 starting delivery 1.2: msg 11207192 to local dave@x.test queue2\n"
    "@400000006561a1b700000000 delivery 1.2: success: did_0+0+1/ queue2\n"
    "@400000006561a1b700000001 delivery 1.1: deferral: Connected_to_1.2.3.4_but_greeting_failed./ queue1\n"
    "@400000006561a1b700000002 end msg 11207192 qmail-send: queue2\n";

TEST_F(MatchupTest, QueuesWithEqualNumbersAreKeptApart) {
  EXPECT_EQ(
      take(kTwoQueues),
      "d k 1700897195.000000001 1700897196.000000002 1700897197.000000000 900 <bob@y.test> local.dave@x.test 200 20 "
      "did_0+0+1/\n"
      "d z 1700897194.000002000 1700897196.000000000 1700897197.000000001 500 <ann@x.test> remote.c@z.test 100 10 "
      "Connected_to_1.2.3.4_but_greeting_failed./\n"
      "m 1700897195.000000001 1700897197.000000002 900 1 0 0 <bob@y.test> 200 20\n");
  EXPECT_EQ(pending(),
            "1700897194.000002000 info msg 11207192: bytes 500 from <ann@x.test> qp 100 uid 10 queue1\n"
            "1700897194.000002000 extra 11207192 0 1 0 queue1\n");
}

TEST_F(MatchupTest, NumbersWithoutAQidentAreKeptApartByTheQueue) {
  EXPECT_EQ(take("1 starting delivery 1: msg 5 to local a@x queue1\n"
                 "2 starting delivery 1: msg 5 to local b@x queue2\n"
                 "3 delivery 1: success: ok queue1\n"
                 "4 delivery 1: success: ok queue2\n"),
            "d k 1 1 3 0 ? local.a@x ? ? ok\n"
            "d k 2 2 4 0 ? local.b@x ? ? ok\n");
}

TEST_F(MatchupTest, LinesOfQmailAreTaken) {
  EXPECT_EQ(take("1710000000.100000 new msg 77\n"
                 "1710000000.200000 info msg 77: bytes 42 from <> qp 9 uid 8\n"
                 "1710000001.000000 starting delivery 3: msg 77 to remote a@b\n"
                 "1710000002.000000 delivery 3: failure: no/\n"
                 "1710000002.100000 bounce msg 77 qp 10\n"
                 "1710000002.200000 end msg 77\n"),
            "d d 1710000000.200000 1710000001.000000 1710000002.000000 42 <> remote.a@b 9 8 no/\n"
            "m 1710000000.200000 1710000002.200000 42 0 1 0 <> 9 8\n");
  EXPECT_EQ(pending(), "");
}

TEST_F(MatchupTest, WhatIsPendingCanStandInFrontOfTheNextLog) {
  take(kTwoQueues);
  take("5 starting delivery 9.1: msg 11207192 to remote e@z.test queue1\n");
  const std::string kept = pending();
  Matchup next;
  std::string out;
  const auto feed = [&](std::string_view line) { next.take(line, out); };
  for (std::size_t at = 0; at < kept.size(); at = kept.find('\n', at) + 1)
    feed(std::string_view(kept).substr(at, kept.find('\n', at) - at));
  std::string again;
  next.append_pending(again);
  EXPECT_EQ(again, kept);
  EXPECT_NE(kept.find("starting delivery 9.1: msg 11207192 to remote e@z.test queue1\n"), kept.npos);
  feed("6 delivery 9.1: success: ok queue1");
  feed("7 end msg 11207192 qmail-send: queue1");
  EXPECT_EQ(out,
            "d k 1700897194.000002000 5 6 500 <ann@x.test> remote.e@z.test 100 10 ok\n"
            "m 1700897194.000002000 7 500 1 0 1 <ann@x.test> 100 10\n");
}

TEST_F(MatchupTest, AQueueThatEndsOrBeginsForgetsItsDeliveriesOnly) {
  const std::string_view both =
      "1 starting delivery 1.1: msg 5 to local a@x queue1\n"
      "2 starting delivery 1.2: msg 5 to local b@x queue2\n";
  take(both);
  take("3 info: qmail-send: pid 7 queue1 exiting\n");
  EXPECT_EQ(pending(), "2 starting delivery 1.2: msg 5 to local b@x queue2\n");
  take(both);
  take("3 info: qmail-send: pid 7: /var/q/queue2: ratelimit=OFF, loglock=disabled, conf split=151\n");
  EXPECT_EQ(pending(), "1 starting delivery 1.1: msg 5 to local a@x queue1\n");
  take("4 info: qscheduler: pid 1 exiting\n");
  EXPECT_EQ(pending(), "");
}

TEST_F(MatchupTest, AMangledReportIsADeferralWhateverItsSuffix) {
  EXPECT_EQ(take("1 starting delivery 4.1: msg 5 to local a@x queue1\n"
                 "2 delivery 4: report mangled, will defer: queue1\n"),
            "d z 1 1 2 0 ? local.a@x ? ? report_mangled\n");
}

TEST_F(MatchupTest, AlertsAndUnknownLinesAreShown) {
  EXPECT_EQ(take("1 alert: qmail-send: queue1: oh no! lost spawn connection! dying...\n"
                 "2 warn: qmail-send: queue1: trouble\n"
                 "3 nonsense\n"
                 "no stamp\n"
                 "4 status: local 0/10 remote 0/20 queue1\n"
                 "5 end msg 3 qmail-send: queue1\n"
                 "6 delivery 3.1: success: ok queue1\n"),
            "1 alert: qmail-send: queue1: oh no! lost spawn connection! dying...\n"
            "2 warn: qmail-send: queue1: trouble\n"
            "? 3 nonsense\n"
            "? no stamp\n");
}

TEST_F(MatchupTest, ANumberThatIsUsedAgainIsAnotherMessage) {
  take(
      "1 info msg 5: bytes 1 from <a@x> qp 1 uid 1 queue1\n"
      "2 new msg 5 queue1\n");
  EXPECT_EQ(pending(), "");
}

}  // namespace

}  // namespace sluice::activity
