#include "core/mail/transcript.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::mail::transcript {
namespace {

using namespace std::string_literals;

TEST(Transcript, WhatATerminalWouldObeyIsShownAsOctalNumbers) {
  EXPECT_EQ(harmless("250 \x1b[2Jok\x07\t\xc3\xa4"s), "250 \\033[2Jok\\007 \\303\\244");
}

TEST(Transcript, ALineHasABound) {
  EXPECT_LE(harmless(std::string(100'000, 'x')).size(), kLongestLine);
  EXPECT_LE(harmless(std::string(100'000, '\x1b')).size(), kLongestLine);
  const std::vector<Recipient> many(1000, Recipient{std::string(100, 'a'), 0, ""});
  EXPECT_TRUE(connecting(many, "mx.test", "esmtp", false).ends_with(",...... Connecting to mx.test via esmtp..."));
}

TEST(Transcript, ConnectingNamesRecipientsHostAndMailer) {
  const std::vector<Recipient> two{{"a@x.test", 0, ""}, {"b@x.test", 0, ""}};
  EXPECT_EQ(connecting(two, "mx.x.test", "esmtp", false),
            "<a@x.test>,<b@x.test>... Connecting to mx.x.test via esmtp...");
  EXPECT_EQ(connecting(std::span(two).first(1), "mx.x.test", "esmtp", true),
            "<a@x.test>... Using cached ESMTP connection to mx.x.test via esmtp...");
}

TEST(Transcript, TryingSaysWhetherTheConnectionWasMade) {
  EXPECT_EQ(trying("192.0.2.1", "mx.test", "", false), "Trying 192.0.2.1... connected.");
  EXPECT_EQ(trying("192.0.2.1", "mx.test", "Connection refused", false), "Trying 192.0.2.1... Connection refused");
  EXPECT_EQ(trying("123.45.67.8", "DC.GOV", "Connection timed out", true),
            "Trying 123.45.67.8... Connection timed out during user open with DC.GOV");
}

TEST(Transcript, ADeferredRecipientIsToldWhy) {
  Outcome outcome{Verdict::kDeferred, Trouble::kNone, 451, {4, 7, 1}, "try later"};
  EXPECT_EQ(result("a@x", outcome), "<a@x>... Deferred: 451 4.7.1 try later");
  outcome = {Verdict::kDeferred, Trouble::kUnreachable, 0, {4, 4, 1}, "connect to x[192.0.2.1]:25: Connection refused"};
  EXPECT_EQ(result("a@x", outcome), "<a@x>... Deferred: connect to x[192.0.2.1]:25: Connection refused");
  EXPECT_EQ(result("a@x", outcome, unreachable("DC.GOV", "", true)), "<a@x>... Deferred: Host DC.GOV is down");
  EXPECT_EQ(result("a@x", outcome, unreachable("x", "Connection refused", false)),
            "<a@x>... Deferred: Connection refused by x");
}

TEST(Transcript, WhoGotHisMessageSeesTheReply) {
  EXPECT_EQ(result("a@x", {Verdict::kDelivered, Trouble::kNone, 250, {2, 0, 0}, "Ok: queued as 1"}),
            "<a@x>... Sent (2.0.0 Ok: queued as 1)");
  EXPECT_EQ(result("a@x", {Verdict::kDelivered, Trouble::kNone, 0, {2, 0, 0}, "did 1+0+0"}), "<a@x>... Sent");
}

TEST(Transcript, AFailureHasSendmailsName) {
  EXPECT_EQ(result("a@x", {Verdict::kFailed, Trouble::kNone, 550, {5, 1, 1}, "no"}), "<a@x>... User unknown");
  EXPECT_EQ(result("a@x", {Verdict::kFailed, Trouble::kNone, 550, {0, 0, 0}, "no"}), "<a@x>... User unknown");
  EXPECT_EQ(result("a@x", {Verdict::kFailed, Trouble::kNone, 554, {5, 7, 1}, "no"}), "<a@x>... Service unavailable");
  EXPECT_EQ(result("a@x", {Verdict::kFailed, Trouble::kNone, 0, {5, 1, 2}, "no such host"}),
            "<a@x>... Host unknown (no such host)");
  EXPECT_EQ(result("a@x", {Verdict::kFailed, Trouble::kNone, 552, {5, 3, 4}, "no"}), "<a@x>... Message too large");
}

TEST(TranscriptLines, AreCutFromAnyPieces) {
  Lines lines;
  std::vector<std::string> seen;
  for (const char c : "220 a\r\n250-b\n250 c\r\n"s)
    lines.add(Octets(&c, 1), [&](Octets line) { seen.emplace_back(line); });
  EXPECT_EQ(seen, (std::vector<std::string>{"220 a", "250-b", "250 c"}));
}

TEST(TranscriptLines, DropWhatIsBeyondTheBound) {
  Lines lines;
  std::string seen;
  lines.add(std::string(1 << 20, 'x'), [&](Octets) { FAIL(); });
  lines.add("y\n", [&](Octets line) { seen = line; });
  EXPECT_EQ(seen.size(), kLongestLine);
}

}  // namespace
}  // namespace sluice::mail::transcript
