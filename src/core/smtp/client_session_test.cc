#include "core/smtp/client_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

using mail::Trouble;
using mail::Verdict;

TEST_F(Client, SaysEhloAfterTheGreeting) {
  EXPECT_EQ(session.wait(), Step::kGreeting);
  EXPECT_EQ(hear("220-hello\r\n220 there\r\n"), "EHLO me.example\r\n");
  EXPECT_EQ(hear(kRichEhlo), "");
  EXPECT_TRUE(session.ready());
  EXPECT_TRUE(session.offers().pipelining);
  EXPECT_EQ(session.offers().size_limit, 1000u);
}

TEST_F(Client, FallsBackToHelo) {
  hear("220 mx\r\n");
  EXPECT_EQ(hear("502 what\r\n"), "HELO me.example\r\n");
  hear("250 mx\r\n");
  EXPECT_TRUE(session.ready());
}

TEST_F(Client, PipelinesOneTransactionInOneWrite) {
  greet(kRichEhlo);
  Job job = job_to({"x@y.example", "z@y.example"});
  job.envelope.eight_bit = true;
  EXPECT_EQ(
      start(job),
      "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<x@y.example>\r\nRCPT TO:<z@y.example>\r\nDATA\r\n");
  hear("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n");
  EXPECT_TRUE(session.body_wanted());
  session.body_sent();
  EXPECT_EQ(session.wait(), Step::kFinal);
  hear("250 2.0.0 queued\r\n");
  EXPECT_EQ(outcomes(), "K250 D550");
  EXPECT_TRUE(session.ready());
}

TEST_F(Client, AsksStepByStepWithoutPipelining) {
  greet(kPoorEhlo);
  EXPECT_EQ(start(job_to({"x@y.example", "z@y.example"})), "MAIL FROM:<a@b.example>\r\n");
  EXPECT_EQ(hear("250 ok\r\n"), "RCPT TO:<x@y.example>\r\n");
  EXPECT_EQ(hear("450 later\r\n"), "RCPT TO:<z@y.example>\r\n");
  EXPECT_EQ(hear("250 ok\r\n"), "DATA\r\n");
  hear("354 go\r\n");
  ASSERT_TRUE(session.body_wanted());
  session.body_sent();
  hear("554 5.7.1 spam\r\n");
  EXPECT_EQ(outcomes(), "Z450 D554");
  EXPECT_EQ(last.code, (mail::EnhancedCode{5, 7, 1}));
  EXPECT_EQ(last.text, "spam");
}

TEST_F(Client, ServesManyMessagesAndResetsOnlyAfterAFailedTransaction) {
  greet(kRichEhlo);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(start(job_to({"x@y.example"})).starts_with("MAIL"));
    hear("250 ok\r\n250 ok\r\n354 go\r\n");
    session.body_sent();
    hear("250 ok\r\n");
    EXPECT_EQ(outcomes(), "K250");
  }
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n550 no\r\n554 no valid recipients\r\n");
  EXPECT_EQ(outcomes(), "D550");
  EXPECT_TRUE(start(job_to({"x@y.example"})).starts_with("RSET\r\nMAIL"));
  hear("250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  EXPECT_TRUE(session.body_wanted());
}

TEST_F(Client, ResetsBeforeTheNextMessageWithoutPipelining) {
  greet(kPoorEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n");
  EXPECT_EQ(hear("550 no\r\n"), "");
  EXPECT_EQ(outcomes(), "D550");
  EXPECT_EQ(start(job_to({"x@y.example"})), "RSET\r\n");
  EXPECT_EQ(hear("250 ok\r\n"), "MAIL FROM:<a@b.example>\r\n");
}

TEST_F(Client, EndsDataAtOnceWhenNobodyWasAccepted) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  EXPECT_EQ(hear("250 ok\r\n550 no\r\n354 go\r\n"), ".\r\n");
  EXPECT_FALSE(session.body_wanted());
  hear("250 an empty message for nobody\r\n");
  EXPECT_EQ(outcomes(), "D550");
  EXPECT_TRUE(session.ready());
}

TEST_F(Client, ARefusedSenderIsTheOutcomeOfAll) {
  greet(kRichEhlo);
  start(job_to({"x@y.example", "z@y.example"}));
  hear("451 4.7.1 greylisted\r\n503 no\r\n503 no\r\n503 no\r\n");
  EXPECT_EQ(outcomes(), "Z451 Z451");
  EXPECT_EQ(last.trouble, Trouble::kBusy);
  EXPECT_TRUE(session.ready());
}

TEST_F(Client, ARefusedDataIsTheOutcomeOfTheAccepted) {
  greet(kRichEhlo);
  start(job_to({"x@y.example", "z@y.example"}));
  hear("250 ok\r\n250 ok\r\n550 no\r\n451 not now\r\n");
  EXPECT_EQ(outcomes(), "Z451 D550");
}

TEST_F(Client, FourTwentyOneAnywhereEndsTheSession) {
  greet(kRichEhlo);
  start(job_to({"x@y.example", "z@y.example"}));
  hear("250 ok\r\n550 no\r\n421 4.3.2 stopping\r\n");
  EXPECT_EQ(outcomes(), "D550 Z421");
  EXPECT_EQ(last.trouble, Trouble::kBusy);
  EXPECT_FALSE(session.usable());
}

TEST_F(Client, ARefusedConnectionIsDeferred) {
  hear("554 5.7.1 go away\r\n");
  EXPECT_FALSE(session.usable());
  EXPECT_EQ(session.ending().verdict, Verdict::kDeferred);
  EXPECT_EQ(session.ending().trouble, Trouble::kUnreachable);
  EXPECT_EQ(session.ending().code, (mail::EnhancedCode{4, 7, 1}));
}

TEST_F(Client, ALostConnectionDefersWhatIsNotSettled) {
  greet(kRichEhlo);
  start(job_to({"x@y.example", "z@y.example"}));
  hear("250 ok\r\n550 no\r\n");
  session.closed();
  EXPECT_EQ(outcomes(), "D550 Z0");
  EXPECT_EQ(last.trouble, Trouble::kConnection);
  EXPECT_EQ(last.text, "connection lost while waiting for the answer to RCPT");
  EXPECT_FALSE(session.stale());
  EXPECT_TRUE(session.broke_early());
}

TEST_F(Client, AReusedConnectionThatDiesUnansweredIsStale) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n250 ok\r\n354 go\r\n");
  session.body_sent();
  hear("250 ok\r\n");
  outcomes();
  start(job_to({"x@y.example"}));
  hear("421 idle too long\r\n");
  EXPECT_TRUE(session.done());
  EXPECT_TRUE(session.stale());
}

TEST_F(Client, AConnectionThatIsLostInTheBodyBrokeTooLateForAnotherServer) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n250 ok\r\n354 go\r\n");
  session.closed();
  EXPECT_EQ(outcomes(), "Z0");
  EXPECT_FALSE(session.broke_early());
}

TEST_F(Client, ATimeoutIsDeferredAndSaysWhere) {
  session.timed_out();
  EXPECT_EQ(session.ending().trouble, Trouble::kUnreachable);
  EXPECT_EQ(session.ending().text, "timed out waiting for the answer to the greeting");
}

TEST_F(Client, AReplyBeforeItsCommandMakesTheSessionUnusable) {
  greet(kPoorEhlo);
  start(job_to({"x@y.example"}));
  EXPECT_TRUE(hear("250 ok\r\n250 ok\r\n").starts_with("RCPT"));
  EXPECT_EQ(outcomes(), "Z0");
  EXPECT_FALSE(session.usable());
}

TEST_F(Client, AReplyWhileIdleMakesTheSessionUnusable) {
  greet(kRichEhlo);
  hear("250 hello?\r\n");
  EXPECT_FALSE(session.usable());
  EXPECT_FALSE(session.done());
}

TEST_F(Client, HalfAReplyWhileIdleSpoilsTheNextJob) {
  greet(kRichEhlo);
  hear("25");
  EXPECT_EQ(start(job_to({"x@y.example"})), "");
  EXPECT_EQ(outcomes(), "Z0");
}

TEST_F(Client, GarbageMakesTheSessionUnusable) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("\xff garbage\r\n");
  EXPECT_EQ(outcomes(), "Z0");
  EXPECT_EQ(last.trouble, Trouble::kConnection);
}

TEST_F(Client, ARefusalInTheMiddleOfTheBodyEndsTheSession) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n250 ok\r\n354 go\r\n");
  hear("552 5.3.4 too big\r\n");
  EXPECT_EQ(outcomes(), "D552");
  EXPECT_FALSE(session.usable());
  session.body_sent();
  EXPECT_FALSE(session.usable());
}

TEST_F(Client, AcceptanceInTheMiddleOfTheBodyIsNotBelieved) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n250 ok\r\n354 go\r\n250 thanks\r\n");
  EXPECT_EQ(outcomes(), "Z0");
}

TEST_F(Client, ABodyThatCannotBeReadIsDeferredAndNeverFinished) {
  greet(kRichEhlo);
  start(job_to({"x@y.example"}));
  hear("250 ok\r\n250 ok\r\n354 go\r\n");
  session.body_failed("cannot read the body");
  EXPECT_EQ(outcomes(), "Z0");
  EXPECT_EQ(last.trouble, Trouble::kNone);
  EXPECT_FALSE(session.usable());
}

TEST_F(Client, AMessageKnownToBeTooLargeFailsHere) {
  greet(kRichEhlo);
  EXPECT_EQ(start(job_to({"x@y.example"}, 1001)), "");
  EXPECT_EQ(outcomes(), "D0");
  EXPECT_EQ(last.code, (mail::EnhancedCode{5, 3, 4}));
  EXPECT_TRUE(session.ready());
}

TEST_F(Client, SendsTheSenderOfADoubleBounceAsItIs) {
  greet(kPoorEhlo);
  Job job = job_to({"x@y.example"});
  job.envelope.sender = "#@[]";
  EXPECT_EQ(start(job), "MAIL FROM:<#@[]>\r\n");
}

TEST_F(Client, EightBitGoesOutAlsoWhenNotOffered) {
  greet(kPoorEhlo);
  Job job = job_to({"x@y.example"});
  job.envelope.eight_bit = true;
  EXPECT_EQ(start(job), "MAIL FROM:<a@b.example>\r\n");
}

TEST_F(Client, Utf8FailsWhenNotOffered) {
  greet(kPoorEhlo);
  Job job = job_to({"x@y.example"});
  job.envelope.smtputf8 = true;
  EXPECT_EQ(start(job), "");
  EXPECT_EQ(outcomes(), "D0");
  EXPECT_EQ(last.code, (mail::EnhancedCode{5, 6, 7}));
  EXPECT_TRUE(start(job_to({"j\xc3\xb6@y.example", "x@y.example"})).starts_with("MAIL FROM:<a@b.example>\r\n"));
  EXPECT_EQ(hear("250 ok\r\n"), "RCPT TO:<x@y.example>\r\n") << "only the address that needs it fails";
}

TEST_F(Client, Utf8IsDeclaredWhenOffered) {
  greet(kRichEhlo);
  EXPECT_TRUE(start(job_to({"j\xc3\xb6@y.example"})).starts_with("MAIL FROM:<a@b.example> SIZE=100 SMTPUTF8\r\n"));
}

TEST_F(Client, AddressesCannotBreakOutOfTheirCommand) {
  greet(kRichEhlo);
  const std::string sent = start(job_to({"x\r\nDATA\r\n@y.example", "x> NOTIFY=NEVER@y.example"}));
  EXPECT_EQ(sent.find("RCPT TO:<\"x> NOTIFY=NEVER\"@y.example>\r\nDATA\r\n"), sent.find("RCPT"));
  Job job = job_to({"x@y.example"});
  job.envelope.sender = "a\n@b.example";
  ClientSession other("me");
  std::string wire;
  other.receive("220 a\r\n", wire);
  other.receive("250 a\r\n", wire);
  wire.clear();
  other.start(job, wire);
  EXPECT_EQ(wire, "");
  EXPECT_EQ(other.take_outcomes().at(0).code, (mail::EnhancedCode{5, 1, 7}));
}

TEST_F(Client, QuitsInOrder) {
  greet(kRichEhlo);
  session.quit(out);
  EXPECT_EQ(out, "QUIT\r\n");
  EXPECT_FALSE(session.usable());
  hear("221 bye\r\n");
  EXPECT_FALSE(session.usable());
  EXPECT_EQ(session.ending().trouble, Trouble::kNone);
}

// With PIPELINING the replies may be cut anywhere.
TEST(ClientSplits, GiveTheSameOutcomes) {
  const std::string replies = "250-2.1.0 ok\r\n250 2.1.0 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n";
  for (std::size_t cut = 0; cut <= replies.size(); ++cut) {
    ClientSession session("me");
    std::string out;
    session.receive("220 mx\r\n", out);
    session.receive(kRichEhlo, out);
    session.start(job_to({"x@y.example", "z@y.example"}), out);
    session.receive(Octets(replies).substr(0, cut), out);
    session.receive(Octets(replies).substr(cut), out);
    ASSERT_TRUE(session.body_wanted()) << "cut at " << cut;
    session.body_sent();
    session.receive("250 2.0.0 queued\r\n", out);
    const auto outcomes = session.take_outcomes();
    EXPECT_EQ(outcomes.at(0).verdict, Verdict::kDelivered);
    EXPECT_EQ(outcomes.at(1).verdict, Verdict::kFailed);
  }
}

}  // namespace
}  // namespace sluice::smtp
