#include "core/mail/failure_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mail/header.h"

namespace sluice::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Octets kOriginal =
    "Received: from x\r\nMessage-ID: <orig@example.org>\r\nSubject: hi\r\nFrom: ann@example.org\r\n\r\nHello, Bob\r\n";
constexpr WallTime kNow = wall_from_millis(880127706000);

ReportSettings settings() {
  ReportSettings settings;
  settings.me = "mx.example.net";
  return settings;
}

FailedRecipient refused(std::string address, std::string text) {
  FailedRecipient recipient;
  recipient.address = std::move(address);
  recipient.outcome = {Verdict::kFailed, Trouble::kNone, 550, {5, 1, 1}, std::move(text)};
  return recipient;
}

FailedMessage failed_message() {
  FailedMessage failed;
  failed.addressee = report_addressee("ann@example.org", "postmaster", "mx.example.net");
  failed.sender = "ann@example.org";
  failed.arrival = kNow - std::chrono::minutes(5);
  failed.recipients = {refused("bob@example.com", "550 5.1.1 no such user")};
  failed.original = kOriginal;
  return failed;
}

std::string report_of(const FailedMessage& failed) { return failure_report(settings(), failed, "17.r", kNow).message; }

// Every CR is followed by LF, every LF preceded by CR, and no line exceeds RFC 5322 2.1.1.
void expect_wire_safe(const std::string& text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      ASSERT_TRUE(i + 1 < text.size() && text[i + 1] == '\n') << i;
    }
    if (text[i] == '\n') {
      ASSERT_TRUE(i > 0 && text[i - 1] == '\r') << i;
      ASSERT_LE(i - 1 - start, 998u);
      start = i + 1;
    }
  }
  ASSERT_TRUE(text.ends_with("\r\n"));
}

TEST(FailureReport, ReadsAsAWhole) {
  auto failed = failed_message();
  failed.envelope_id = "QQ+2B1";
  failed.recipients[0].original_recipient = "rfc822;Bob+2Bx@example.com";
  failed.recipients[0].remote_mta = "mail.example.com";
  failed.recipients[0].last_attempt = kNow;
  const std::string report = report_of(failed);
  const std::size_t at = report.find("=_sluice_");
  ASSERT_NE(at, std::string::npos);
  const std::string b = report.substr(at, std::string("=_sluice_0123456789abcdef").size());
  EXPECT_EQ(report,
            "Date: Fri, 21 Nov 1997 15:55:06 +0000\r\n"
            "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\n"
            "To: <ann@example.org>\r\n"
            "Subject: failure notice\r\n"
            "Message-ID: <17.r@mx.example.net>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "In-Reply-To: <orig@example.org>\r\n"
            "References: <orig@example.org>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            " boundary=\"" +
                b +
                "\"\r\n"
                "\r\n"
                "--" +
                b +
                "\r\n"
                "Content-Type: text/plain; charset=us-ascii\r\n"
                "\r\n"
                "This is the mail system at mx.example.net.\r\n"
                "\r\n"
                "Your message could not be delivered to the recipients below and is not being\r\n"
                "tried any more. This is why, for each of them:\r\n"
                "\r\n"
                "<bob@example.com>:\r\n"
                "    550 5.1.1 no such user\r\n"
                "\r\n"
                "--" +
                b +
                "\r\n"
                "Content-Type: message/delivery-status\r\n"
                "\r\n"
                "Original-Envelope-Id: QQ+1\r\n"
                "Reporting-MTA: dns; mx.example.net\r\n"
                "Arrival-Date: Fri, 21 Nov 1997 15:50:06 +0000\r\n"
                "\r\n"
                "Original-Recipient: rfc822;Bob+x@example.com\r\n"
                "Final-Recipient: rfc822; bob@example.com\r\n"
                "Action: failed\r\n"
                "Status: 5.1.1\r\n"
                "Remote-MTA: dns; mail.example.com\r\n"
                "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
                "Last-Attempt-Date: Fri, 21 Nov 1997 15:55:06 +0000\r\n"
                "\r\n"
                "--" +
                b +
                "\r\n"
                "Content-Type: message/rfc822\r\n"
                "\r\n"
                "Return-Path: <ann@example.org>\r\n" +
                std::string(kOriginal) +
                "\r\n"
                "--" +
                b + "--\r\n");
}

TEST(FailureReport, SameInputGivesTheSameOctets) {
  EXPECT_EQ(report_of(failed_message()), report_of(failed_message()));
}

TEST(FailureReport, RemoteTextCannotAddHeadersOrLines) {
  auto failed = failed_message();
  failed.recipients[0].outcome.text = "550 no\r\nStatus: 2.0.0\n\x1b[31m\x80";
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("550 no??Status: 2.0.0??[31m?"));
  EXPECT_THAT(report, Not(HasSubstr("\r\nStatus: 2.0.0")));
  expect_wire_safe(report);
}

TEST(FailureReport, HostileInputsOfEveryKindStayWireSafe) {
  FailedMessage failed = failed_message();
  const std::string hostile = "a\r\n.\r\nMAIL\n\rFROM\r" + std::string(3000, 'x') + "\xff\x00" + std::string(3000, ' ');
  failed.addressee.recipient = failed.sender = failed.envelope_id = hostile;
  failed.recipients = {refused(hostile, hostile), refused("", "")};
  failed.recipients[0].original_recipient = failed.recipients[0].remote_mta = hostile;
  failed.original = "Message-ID: <a\rb@c>\nX: y\r\rbody\nbody\r";
  const std::string report = report_of(failed);
  expect_wire_safe(report + "\r\n");
  EXPECT_THAT(report, Not(HasSubstr("\r\n.\r\n")));
  EXPECT_THAT(report, Not(HasSubstr("In-Reply-To")));
}

TEST(FailureReport, BoundaryInsideTheOriginalIsAvoided) {
  auto failed = failed_message();
  const std::string first = report_of(failed);
  const std::string boundary = first.substr(first.find("=_sluice_"), 25);
  const std::string with_boundary = std::string(kOriginal) + "--" + boundary + "\r\n";
  failed.original = with_boundary;
  const std::string second = report_of(failed);
  const std::string other = second.substr(second.find("=_sluice_"), 25);
  EXPECT_NE(other, boundary);
  std::size_t count = 0;
  for (std::size_t at = 0; (at = second.find(other, at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, 5u);  // the parameter, three parts and the end
}

TEST(FailureReport, LongOriginalIsReturnedByItsHeader) {
  auto failed = failed_message();
  const std::string original = std::string(kOriginal) + std::string(60000, 'x');
  failed.original = original;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("Content-Type: text/rfc822-headers\r\n"));
  EXPECT_THAT(report, HasSubstr("From: ann@example.org\r\n"));
  EXPECT_THAT(report, Not(HasSubstr("Hello, Bob")));
}

TEST(FailureReport, RetHeadersReturnsTheHeaderOnly) {
  auto failed = failed_message();
  failed.ret = Return::kHeaders;
  EXPECT_THAT(report_of(failed), Not(HasSubstr("Hello, Bob")));
}

TEST(FailureReport, EndlessHeaderIsCutAtALine) {
  auto failed = failed_message();
  std::string original = "Subject: x\n";
  while (original.size() < 200000) original += "X-Filler: " + std::string(90, 'y') + "\n";
  failed.original = original;
  const std::string report = report_of(failed);
  EXPECT_LT(report.size(), 53000u);
  expect_wire_safe(report);
}

TEST(FailureReport, OriginalInLfFormBecomesCrlf) {
  auto failed = failed_message();
  failed.original = "Subject: x\n\nline\nlast";
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("Subject: x\r\n\r\nline\r\nlast\r\n--"));
  expect_wire_safe(report);
}

TEST(FailureReport, EightBitOriginalIsDeclared) {
  auto failed = failed_message();
  const std::string original = std::string(kOriginal) + "gr\xc3\xbc\xc3\x9f\r\n";
  failed.original = original;
  const auto report = failure_report(settings(), failed, "1", kNow);
  EXPECT_TRUE(report.eight_bit);
  EXPECT_FALSE(report.smtputf8);
  EXPECT_EQ(find_field(report.message, "content-transfer-encoding"), "8bit");
}

TEST(FailureReport, InternationalAddressUsesTheGlobalForms) {
  auto failed = failed_message();
  failed.smtputf8 = true;
  failed.recipients = {refused("j\xc3\xb6rg@example.com", "550 no")};
  const auto report = failure_report(settings(), failed, "1", kNow);
  EXPECT_TRUE(report.smtputf8 && report.eight_bit);
  EXPECT_THAT(report.message, HasSubstr("report-type=global-delivery-status"));
  EXPECT_THAT(report.message, HasSubstr("Final-Recipient: utf-8; j\xc3\xb6rg@example.com"));
  EXPECT_THAT(report.message, HasSubstr("Content-Type: message/global\r\n"));
}

TEST(FailureReport, LongDiagnosticIsFolded) {
  auto failed = failed_message();
  std::string text = "550";
  while (text.size() < 900) text += " word";
  failed.recipients[0].outcome.text = text;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("word\r\n word"));
  expect_wire_safe(report);
}

TEST(FailureReport, ExpiryIsExplained) {
  auto failed = failed_message();
  failed.recipients[0].outcome = {Verdict::kDeferred, Trouble::kUnreachable, 0, {}, "no route"};
  failed.recipients[0].expired = true;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("The message has been in the queue too long."));
  EXPECT_THAT(report, HasSubstr("Status: 4.4.7\r\nDiagnostic-Code: x-sluice; no route\r\n"));
}

TEST(ReportStatus, AgreesWithTheFailure) {
  const auto status = [](EnhancedCode code, bool expired) {
    return report_status({Verdict::kFailed, Trouble::kNone, 550, code, ""}, expired);
  };
  EXPECT_EQ(status({5, 7, 1}, false), (EnhancedCode{5, 7, 1}));
  EXPECT_EQ(status({4, 7, 1}, false), (EnhancedCode{5, 7, 1}));
  EXPECT_EQ(status({2, 0, 0}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({0, 0, 0}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({5, 60000, 1}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({4, 2, 2}, true), (EnhancedCode{4, 2, 2}));
  EXPECT_EQ(status({0, 0, 0}, true), (EnhancedCode{4, 4, 7}));
}

TEST(ReportAddressee, IsTheSender) {
  EXPECT_EQ(report_addressee("ann@example.org", "postmaster", "mx"),
            (Addressee{Addressee::Kind::kReport, "", "ann@example.org"}));
}

TEST(ReportAddressee, IsTheAdministratorWhenAReportFails) {
  EXPECT_EQ(report_addressee("", "postmaster", "mx"),
            (Addressee{Addressee::Kind::kDoubleReport, "#@[]", "postmaster@mx"}));
}

TEST(ReportAddressee, IsNobodyWhenThatFailsOrIsNotWanted) {
  EXPECT_EQ(report_addressee("#@[]", "postmaster", "mx").kind, Addressee::Kind::kDiscardTriple);
  EXPECT_EQ(report_addressee("", "", "mx").kind, Addressee::Kind::kDiscardDouble);
  EXPECT_EQ(report_addressee("", "@", "mx").kind, Addressee::Kind::kDiscardDouble);
}

TEST(ReportAddressee, OfAVariableSenderIsItsBase) {
  EXPECT_EQ(report_addressee("list-@example.org-@[]", "postmaster", "mx").recipient, "list-@example.org");
}

TEST(WantsFailureReport, UnlessNotifySaysOtherwise) {
  EXPECT_TRUE(wants_failure_report(0));
  EXPECT_TRUE(wants_failure_report(notify::kFailure | notify::kDelay));
  EXPECT_FALSE(wants_failure_report(notify::kNever));
  EXPECT_FALSE(wants_failure_report(notify::kSuccess));
}

}  // namespace
}  // namespace sluice::mail
