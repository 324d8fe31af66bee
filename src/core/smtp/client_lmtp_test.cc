// The client session as an LMTP client (RFC 2033).
#include "core/smtp/client_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

using mail::Trouble;

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

}  // namespace
}  // namespace sluice::smtp
