// RFC 3461 from the side of the client: what a server is told, and who reports.
#include "core/smtp/client_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

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

}  // namespace
}  // namespace sluice::smtp
