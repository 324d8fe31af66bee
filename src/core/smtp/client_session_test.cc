#include "core/smtp/client_session.h"

#include <gtest/gtest.h>

namespace sluice::smtp {
namespace {

using mail::Trouble;
using mail::Verdict;

constexpr Octets kRichEhlo = "250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
constexpr Octets kPoorEhlo = "250 mx\r\n";

Job job_to(std::vector<std::string> recipients, std::uint64_t size = 100) {
  Job job;
  job.envelope.sender = "a@b.example";
  for (std::string& address : recipients) job.envelope.recipients.push_back({std::move(address), 0, ""});
  job.size = size;
  return job;
}

struct Client : ::testing::Test {
  ClientSession session{"me.example"};
  std::string out;
  std::string hear(Octets octets) {
    session.receive(octets, out);
    return std::exchange(out, {});
  }
  std::string start(Job job) {
    session.start(std::move(job), out);
    return std::exchange(out, {});
  }
  void greet(Octets ehlo) {
    hear("220 mx\r\n");
    hear(ehlo);
    ASSERT_TRUE(session.ready());
  }
  // "K250 Z450" and so on, one word a recipient
  std::string outcomes() {
    EXPECT_TRUE(session.done());
    std::string words;
    for (const mail::Outcome& o : session.take_outcomes()) {
      if (!words.empty()) words.push_back(' ');
      words.push_back(static_cast<char>(o.verdict));
      words.append(std::to_string(o.reply));
      last = o;
    }
    return words;
  }
  mail::Outcome last;
};

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

constexpr Octets kDsnEhlo = "250-mx\r\n250-PIPELINING\r\n250 DSN\r\n";

Job job_with_dsn() {
  Job job = job_to({"x@y.example"}, 0);
  job.envelope.ret = mail::Return::kHeaders;
  job.envelope.envelope_id = "QQ";
  job.envelope.recipients[0].notify = mail::notify::kSuccess | mail::notify::kDelay;
  job.envelope.recipients[0].original_recipient = "rfc822;first@y.example";
  return job;
}

TEST_F(Client, DsnParametersAreSentWhereOffered) {
  greet(kDsnEhlo);
  EXPECT_EQ(start(job_with_dsn()),
            "MAIL FROM:<a@b.example> RET=HDRS ENVID=QQ\r\n"
            "RCPT TO:<x@y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;first@y.example\r\nDATA\r\n");
}

TEST_F(Client, DsnParametersAreNotSentWhereNotOffered) {
  greet("250-mx\r\n250 PIPELINING\r\n");
  EXPECT_EQ(start(job_with_dsn()), "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n");
}

TEST_F(Client, AnOriginalRecipientIsMadeOfTheAddressWhenReportsWereAskedFor) {
  greet(kDsnEhlo);
  Job job = job_to({"x+1=2@y.example", "z@y.example", "never@y.example"}, 0);
  job.envelope.recipients[0].notify = mail::notify::kFailure;
  job.envelope.recipients[2].notify = mail::notify::kNever;
  EXPECT_EQ(start(job),
            "MAIL FROM:<a@b.example>\r\n"
            "RCPT TO:<x+1=2@y.example> NOTIFY=FAILURE ORCPT=rfc822;x+2B1+3D2@y.example\r\n"
            "RCPT TO:<z@y.example>\r\n"
            "RCPT TO:<never@y.example> NOTIFY=NEVER ORCPT=rfc822;never@y.example\r\nDATA\r\n");
}

TEST_F(Client, StoredDsnValuesCannotBreakOutOfTheirParameter) {
  greet(kDsnEhlo);
  Job job = job_with_dsn();
  job.envelope.envelope_id = "a b";
  job.envelope.recipients[0].original_recipient = "rfc822;x\r\nDATA";
  EXPECT_EQ(start(job), "MAIL FROM:<a@b.example> RET=HDRS\r\nRCPT TO:<x@y.example> NOTIFY=SUCCESS,DELAY\r\nDATA\r\n");
}

TEST_F(Client, AnOriginalRecipientInUtf8IsSentWithADeclaredMessageOnly) {
  greet("250-mx\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 DSN\r\n");
  Job job = job_to({"x@y.example"}, 0);
  job.envelope.recipients[0].original_recipient = "utf-8;j\xc3\xb6@y.example";
  EXPECT_EQ(start(job).find("ORCPT"), std::string::npos);
  hear("250 ok\r\n250 ok\r\n550 no\r\n");
  outcomes();
  job.envelope.smtputf8 = true;
  EXPECT_NE(start(job).find(" ORCPT=utf-8;j\xc3\xb6@y.example\r\n"), std::string::npos);
}

TEST_F(Client, ADeliveredOutcomeSaysWhetherTheServerReports) {
  for (const auto& [ehlo, reached] :
       {std::pair(kDsnEhlo, mail::Reached::kReporter), std::pair(kRichEhlo, mail::Reached::kServer)}) {
    session = ClientSession("me.example");
    greet(ehlo);
    start(job_with_dsn());
    hear("250 ok\r\n250 ok\r\n354 go\r\n");
    session.body_sent();
    hear("250 ok\r\n");
    EXPECT_EQ(outcomes(), "K250");
    EXPECT_EQ(last.reached, reached);
  }
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

struct LmtpClient : Client {
  LmtpClient() { session = ClientSession("me.example", Protocol::kLmtp); }
  void send_body(Octets rcpts) {
    hear("250 ok\r\n" + std::string(rcpts) + "354 go\r\n");
    ASSERT_TRUE(session.body_wanted());
    session.body_sent();
  }
};

TEST_F(LmtpClient, SaysLhloAndHasNothingOlderToFallBackTo) {
  EXPECT_EQ(hear("220 store LMTP\r\n"), "LHLO me.example\r\n");
  EXPECT_EQ(hear("500 what\r\n"), "");
  EXPECT_FALSE(session.usable());
  EXPECT_EQ(session.ending().trouble, Trouble::kUnreachable);
}

TEST_F(LmtpClient, GetsOneReplyForEachAcceptedRecipient) {
  greet(kRichEhlo);
  start(job_to({"a@y.example", "b@y.example", "c@y.example", "d@y.example"}));
  send_body("250 ok\r\n550 5.1.1 nobody\r\n250 ok\r\n250 ok\r\n");
  hear("250 2.0.0 saved\r\n");
  EXPECT_FALSE(session.done()) << "two are still to come";
  hear("452 4.2.2 over quota\r\n552 5.2.2 full\r\n");
  EXPECT_EQ(outcomes(), "K250 D550 Z452 D552");
  EXPECT_TRUE(session.ready());
  EXPECT_TRUE(start(job_to({"a@y.example"})).starts_with("MAIL ")) << "the transaction was closed";
}

TEST_F(LmtpClient, WhomTheServerTookHasHisMessage) {
  greet("250-store\r\n250-PIPELINING\r\n250 DSN\r\n");
  Job job = job_with_dsn();
  EXPECT_EQ(start(job), "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n")
      << "reports about final delivery are ours";
  send_body("250 ok\r\n");
  hear("250 saved\r\n");
  EXPECT_EQ(outcomes(), "K250");
  EXPECT_EQ(last.reached, mail::Reached::kMailbox);
}

TEST_F(LmtpClient, ALostConnectionTouchesOnlyThoseWhoWereNotAnswered) {
  greet(kRichEhlo);
  start(job_to({"a@y.example", "b@y.example", "c@y.example"}));
  send_body("250 ok\r\n250 ok\r\n250 ok\r\n");
  hear("250 saved\r\n554 5.7.1 no\r\n");
  session.closed();
  EXPECT_EQ(outcomes(), "K250 D554 Z0");
  EXPECT_EQ(last.trouble, Trouble::kConnection);
}

TEST_F(LmtpClient, A421AtTheEndOfDataIsForThoseWhoWereNotAnswered) {
  greet(kRichEhlo);
  start(job_to({"a@y.example", "b@y.example", "c@y.example"}));
  send_body("250 ok\r\n250 ok\r\n250 ok\r\n");
  hear("250 saved\r\n421 4.3.2 stopping\r\n");
  EXPECT_EQ(outcomes(), "K250 Z421 Z421");
}

TEST_F(LmtpClient, OneReplyTooManyMakesTheSessionUnusable) {
  greet(kRichEhlo);
  start(job_to({"a@y.example"}));
  send_body("250 ok\r\n");
  hear("250 saved\r\n250 saved twice\r\n");
  EXPECT_EQ(outcomes(), "K250");
  EXPECT_FALSE(session.usable());
}

TEST_F(LmtpClient, AMessageForNobodyIsNotSent) {
  greet(kRichEhlo);
  start(job_to({"a@y.example"}));
  EXPECT_EQ(hear("250 ok\r\n550 no\r\n503 no recipients\r\n"), "");
  EXPECT_EQ(outcomes(), "D550");
  start(job_to({"a@y.example"}));
  EXPECT_EQ(hear("250 reset\r\n250 ok\r\n550 no\r\n354 go\r\n"), "");
  EXPECT_EQ(outcomes(), "D550");
  EXPECT_FALSE(session.usable()) << "354 to nobody";
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
