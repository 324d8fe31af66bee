#include "listing.h"

#include <gtest/gtest.h>

namespace sluice::sendmail {
namespace {

using std::chrono::minutes;

std::string json(const std::string& members, const std::string& recipients) {
  return R"({"id":29466321485825024,"size":152,"arrival":1795314720,"accepted":2)" + members + R"(,"recipients":[)" +
         recipients + "]}";  // it arrived on Sun Nov 22 02:32:00 2026 UTC
}

const std::string kYou = R"(,"sender":"you@example.org")";
const std::string kTwo =
    R"({"address":"joe@x.test","attempts":1,"state":"deferred","reason":"retry-time","text":"4.4.1 Connection refused"},)"
    R"({"address":"bob@x.test","attempts":1,"state":"deferred","reason":"retry-time"})";

std::string text_of(const std::string& listed, bool verbose = false) {
  monitor::QueuedMessage message;
  EXPECT_TRUE(message.read(listed)) << listed;
  std::string out;
  Listing({.verbose = verbose, .now = 1795314800}, [](std::int64_t) { return minutes(60); }).append(out, message);
  return out;
}

std::string recipient(const std::string& reason, const std::string& state = "deferred") {
  return R"({"address":"a@x","state":")" + state + R"(","reason":")" + reason + "\"}";
}

char mark(const std::string& recipients) { return text_of(json(kYou, recipients)).at(17); }

TEST(Listing, HasTheColumnsOfSendmail) {
  EXPECT_EQ(text_of(json(kYou, kTwo)),
            "29466321485825024-     152 Sun Nov 22 03:32 you@example.org\n"
            "                 (4.4.1 Connection refused)\n"
            "\t\t\t\t\t joe@x.test\n"
            "\t\t\t\t\t bob@x.test\n");
}

TEST(Listing, VerboseShowsThePriorityAndEachStatus) {
  EXPECT_EQ(text_of(json(kYou, kTwo), true),
            "29466321485825024-     152     150152 Nov 22 03:32 you@example.org\n"
            "\t\t\t\t\t\tjoe@x.test\n"
            "\t\t (4.4.1 Connection refused)\n"
            "\t\t\t\t\t\tbob@x.test\n");
}

TEST(Listing, VerboseMarksThoseWhoseSenderKnowsOfTheDelayAndShowsPrioritiesBelowZero) {
  EXPECT_EQ(text_of(json(kYou + R"(,"warned":true,"class":100)", recipient("queue-run")), true),
            "29466321485825024      152    -119848+Nov 22 03:32 you@example.org\n"
            "\t\t\t\t\t\ta@x\n");
}

TEST(Listing, AHeldMessageHasItsReasonAndABodyTypeItsColumn) {
  EXPECT_EQ(text_of(json(kYou + R"(,"held":"looks odd","eight_bit":true)", recipient("message-held"))),
            "29466321485825024      152 Sun Nov 22 03:32 you@example.org\n"
            "     QUARANTINE: looks odd\n"
            "      8BITMIME\n"
            "\t\t\t\t\t a@x\n");
  EXPECT_EQ(text_of(json(kYou + R"(,"eight_bit":true)", R"({"address":"a@x","text":"no"})")),
            "29466321485825024      152 Sun Nov 22 03:32 you@example.org\n"
            "      8BITMIME   (no)\n"
            "\t\t\t\t\t a@x\n");
}

TEST(Listing, MarksWhatIsUnderWayTooYoungOrHeldBackByTheLoad) {
  EXPECT_EQ(mark(recipient("in-flight") + "," + recipient("retry-time")), '*');
  EXPECT_EQ(mark(recipient("retry-time")), '-');
  EXPECT_EQ(mark(recipient("lane-backoff")), '-');
  EXPECT_EQ(mark(recipient("retry-time") + "," + recipient("lane-window")), ' ');
  EXPECT_EQ(mark(recipient("load")), 'X');
  EXPECT_EQ(mark(recipient("queue-run")), ' ');
  const std::string young = R"({"address":"a@x","reason":"queue-run","next":1795314801})";
  EXPECT_EQ(mark(young), '-');
  EXPECT_EQ(mark(R"({"address":"a@x","reason":"queue-run","next":1795314800})"), ' ') << "it has come of age";
  EXPECT_EQ(mark(young + "," + recipient("queue-run")), ' ') << "a run takes it for the other";
  EXPECT_EQ(mark(young + "," + recipient("in-flight")), '*');
  EXPECT_EQ(mark(recipient("load") + "," + recipient("retry-time")), 'X');
}

TEST(Listing, WhatWasSetAsideHasTheNameOfItsFile) {
  EXPECT_EQ(text_of(json(R"(,"lost":"journal/quarantine/00000000000000ff.bad")", "")),
            "00000000000000ff?     152 Sun Nov 22 03:32 journal/quarantine/00000000000000ff.bad\n");
}

TEST(Listing, ShowsOnlyRecipientsThatAreNotDone) {
  EXPECT_EQ(text_of(json(kYou, R"({"address":"b@x","state":"delivered","text":"ok"},)" + recipient("queue-run"))),
            "29466321485825024      152 Sun Nov 22 03:32 you@example.org\n\t\t\t\t\t a@x\n");
  EXPECT_EQ(text_of(json(kYou, recipient("", "delivered"))), "29466321485825024 (job completed)\n");
}

TEST(Listing, LongAndStrangeTextIsCutAndEscaped) {
  EXPECT_EQ(text_of(json("", R"({"address":")" + std::string(50, 'a') + R"("},{"address":"\u001b[1m@x"})")),
            "29466321485825024      152 Sun Nov 22 03:32 <>\n\t\t\t\t\t " + std::string(38, 'a') +
                "\n\t\t\t\t\t \\033[1m@x\n");
}

TEST(Listing, CountsWhatADirectoryHolds) {
  EXPECT_EQ(heading("/q/queue1", 0), "/q/queue1 is empty\n");
  EXPECT_EQ(heading("/q/queue1", 1), "\t\t/q/queue1 (1 request)\n");
  EXPECT_EQ(heading("/q/queue1", 7, 7), "\t\t/q/queue1 (7 requests)\n");
  EXPECT_EQ(heading("/q/queue1", 7, 3), "\t\t/q/queue1 (7 requests, only 3 printed)\n");
  EXPECT_EQ(total(7), "\t\tTotal requests: 7\n");
}

}  // namespace
}  // namespace sluice::sendmail
