#include "core/mail/delivery_report.h"

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

ReportedRecipient refused(std::string address, std::string text) {
  ReportedRecipient recipient;
  recipient.address = std::move(address);
  recipient.outcome = {Verdict::kFailed, Trouble::kNone, 550, {5, 1, 1}, std::move(text)};
  return recipient;
}

ReportedMessage failed_message() {
  ReportedMessage failed;
  failed.addressee = report_addressee("ann@example.org", "postmaster", "mx.example.net");
  failed.sender = "ann@example.org";
  failed.arrival = kNow - std::chrono::minutes(5);
  failed.recipients = {refused("bob@example.com", "550 5.1.1 no such user")};
  failed.original = kOriginal;
  return failed;
}

std::string report_of(const ReportedMessage& failed) {
  return delivery_report(settings(), failed, "17.r", kNow).message;
}

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

TEST(DeliveryReport, ReadsAsAWhole) {
  auto failed = failed_message();
  failed.envelope_id = "QQ+2B1";
  failed.recipients[0].original_recipient = "rfc822;Bob+2Bx@example.com";
  failed.recipients[0].outcome.text =
      "203.0.113.5 refused./Remote host said: 550 5.1.1 no such user/Giving up on 203.0.113.5./";
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
                "    203.0.113.5 refused./Remote host said: 550 5.1.1 no such user/Giving up\r\n"
                "    on 203.0.113.5./\r\n"
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
                "Remote-MTA: dns; [203.0.113.5]\r\n"
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

TEST(DeliveryReport, SameInputGivesTheSameOctets) {
  EXPECT_EQ(report_of(failed_message()), report_of(failed_message()));
}

TEST(DeliveryReport, RemoteTextCannotAddHeadersOrLines) {
  auto failed = failed_message();
  failed.recipients[0].outcome.text = "550 no\r\nStatus: 2.0.0\n\x1b[31m\x80";
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("550 no??Status: 2.0.0??[31m?"));
  EXPECT_THAT(report, Not(HasSubstr("\r\nStatus: 2.0.0")));
  expect_wire_safe(report);
}

TEST(DeliveryReport, HostileInputsOfEveryKindStayWireSafe) {
  ReportedMessage failed = failed_message();
  const std::string hostile = "a\r\n.\r\nMAIL\n\rFROM\r" + std::string(3000, 'x') + "\xff\x00" + std::string(3000, ' ');
  failed.addressee.recipient = failed.sender = failed.envelope_id = hostile;
  failed.recipients = {refused(hostile, hostile), refused("", "")};
  failed.recipients[0].original_recipient = hostile;
  failed.recipients[1].outcome.text = hostile.substr(0, 900) + "./Remote host said: " + hostile;
  failed.original = "Message-ID: <a\rb@c>\nX: y\r\rbody\nbody\r";
  const std::string report = report_of(failed);
  expect_wire_safe(report + "\r\n");
  EXPECT_THAT(report, Not(HasSubstr("\r\n.\r\n")));
  EXPECT_THAT(report, Not(HasSubstr("In-Reply-To")));
}

TEST(DeliveryReport, BoundaryInsideTheOriginalIsAvoided) {
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

TEST(DeliveryReport, LongOriginalIsReturnedByItsHeader) {
  auto failed = failed_message();
  const std::string original = std::string(kOriginal) + std::string(60000, 'x');
  failed.original = original;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("Content-Type: text/rfc822-headers\r\n"));
  EXPECT_THAT(report, HasSubstr("From: ann@example.org\r\n"));
  EXPECT_THAT(report, Not(HasSubstr("Hello, Bob")));
}

TEST(DeliveryReport, RetHeadersReturnsTheHeaderOnly) {
  auto failed = failed_message();
  failed.ret = Return::kHeaders;
  EXPECT_THAT(report_of(failed), Not(HasSubstr("Hello, Bob")));
}

TEST(DeliveryReport, EndlessHeaderIsCutAtALine) {
  auto failed = failed_message();
  std::string original = "Subject: x\n";
  while (original.size() < 200000) original += "X-Filler: " + std::string(90, 'y') + "\n";
  failed.original = original;
  const std::string report = report_of(failed);
  EXPECT_LT(report.size(), 53000u);
  expect_wire_safe(report);
}

TEST(DeliveryReport, OriginalInLfFormBecomesCrlf) {
  auto failed = failed_message();
  failed.original = "Subject: x\n\nline\nlast";
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("Subject: x\r\n\r\nline\r\nlast\r\n--"));
  expect_wire_safe(report);
}

TEST(DeliveryReport, EightBitOriginalIsDeclared) {
  auto failed = failed_message();
  const std::string original = std::string(kOriginal) + "gr\xc3\xbc\xc3\x9f\r\n";
  failed.original = original;
  const auto report = delivery_report(settings(), failed, "1", kNow);
  EXPECT_TRUE(report.eight_bit);
  EXPECT_FALSE(report.smtputf8);
  EXPECT_EQ(find_field(report.message, "content-transfer-encoding"), "8bit");
}

TEST(DeliveryReport, InternationalAddressUsesTheGlobalForms) {
  auto failed = failed_message();
  failed.smtputf8 = true;
  failed.recipients = {refused("j\xc3\xb6rg@example.com", "550 no")};
  const auto report = delivery_report(settings(), failed, "1", kNow);
  EXPECT_TRUE(report.smtputf8 && report.eight_bit);
  EXPECT_THAT(report.message, HasSubstr("report-type=global-delivery-status"));
  EXPECT_THAT(report.message, HasSubstr("Final-Recipient: utf-8; j\xc3\xb6rg@example.com"));
  EXPECT_THAT(report.message, HasSubstr("Content-Type: message/global\r\n"));
}

TEST(DeliveryReport, LongDiagnosticIsFolded) {
  auto failed = failed_message();
  std::string text = "550";
  while (text.size() < 900) text += " word";
  failed.recipients[0].outcome.text = text;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("word\r\n word"));
  expect_wire_safe(report);
}

TEST(DeliveryReport, ExpiryIsExplained) {
  auto failed = failed_message();
  failed.recipients[0].outcome = {Verdict::kDeferred, Trouble::kUnreachable, 0, {}, "no route"};
  failed.recipients[0].expired = true;
  const std::string report = report_of(failed);
  EXPECT_THAT(report, HasSubstr("The message has been in the queue too long."));
  EXPECT_THAT(report, HasSubstr("Status: 4.4.7\r\nDiagnostic-Code: x-sluice; no route\r\n"));
}

ReportedRecipient recipient_of(std::string address, Action action, std::string text) {
  ReportedRecipient recipient;
  recipient.address = std::move(address);
  recipient.action = action;
  recipient.outcome.text = std::move(text);
  return recipient;
}

TEST(DeliveryReport, TellsOfEachRecipientWhatBecameOfIt) {
  auto reported = failed_message();
  reported.recipients.push_back(recipient_of("eve@example.com", Action::kDelivered, "did 1+0+0"));
  reported.recipients.push_back(recipient_of("joe@example.com", Action::kRelayed, ""));
  reported.recipients.push_back(recipient_of("all@example.com", Action::kExpanded, ""));
  const std::string report = report_of(reported);
  EXPECT_THAT(report, HasSubstr("Subject: failure notice\r\n"));
  EXPECT_THAT(report, HasSubstr("<bob@example.com>:\r\n    550 5.1.1 no such user\r\n\r\nYour message was delivered to:"
                                "\r\n\r\n<eve@example.com>:\r\n    did 1+0+0\r\n\r\nYour message was passed on"));
  EXPECT_THAT(report, HasSubstr("Final-Recipient: rfc822; eve@example.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n"));
  EXPECT_THAT(report, HasSubstr("Final-Recipient: rfc822; joe@example.com\r\nAction: relayed\r\nStatus: 2.0.0\r\n"));
  EXPECT_THAT(report, HasSubstr("Final-Recipient: rfc822; all@example.com\r\nAction: expanded\r\nStatus: 2.0.0\r\n"));
  EXPECT_THAT(report, HasSubstr("Hello, Bob"));
}

TEST(DeliveryReport, OfDelayTellsHowLongItIsTriedAndReturnsTheHeaderOnly) {
  auto reported = failed_message();
  reported.ret = Return::kFull;
  reported.recipients = {recipient_of("bob@example.com", Action::kDelayed, "connect to x[192.0.2.1]:25: refused")};
  reported.recipients[0].outcome.code = {4, 4, 1};
  reported.recipients[0].will_retry_until = kNow;
  const std::string report = report_of(reported);
  EXPECT_THAT(report, HasSubstr("Subject: delay notice: "));
  EXPECT_THAT(report, HasSubstr("Action: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: x-sluice; connect to"));
  EXPECT_THAT(report, HasSubstr("Will-Retry-Until: Fri, 21 Nov 1997 15:55:06 +0000\r\n"));
  EXPECT_THAT(report, Not(HasSubstr("Hello, Bob")));
}

TEST(DeliveryReport, OfSuccessSaysSoInItsSubject) {
  auto reported = failed_message();
  reported.recipients = {recipient_of("bob@example.com", Action::kRelayed, "")};
  EXPECT_THAT(report_of(reported), HasSubstr("Subject: success notice: your message was passed on\r\n"));
  reported.recipients.push_back(recipient_of("eve@example.com", Action::kDelivered, ""));
  EXPECT_THAT(report_of(reported), HasSubstr("Subject: success notice: your message was delivered\r\n"));
}

TEST(DeliveryReport, OpensWithTheWordsOfTheSite) {
  auto reported = failed_message();
  ReportSettings ours = settings();
  ours.message = {"Hi. This is example.net.", "It did not work:"};
  ours.double_message = {"A report failed."};
  EXPECT_THAT(delivery_report(ours, reported, "1", kNow).message,
              HasSubstr("\r\n\r\nHi. This is example.net.\r\nIt did not work:\r\n\r\n<bob@example.com>:\r\n"));
  reported.addressee = report_addressee("", "postmaster", "mx");
  EXPECT_THAT(delivery_report(ours, reported, "1", kNow).message, HasSubstr("\r\n\r\nA report failed.\r\n\r\n<bob"));
  reported.addressee = report_addressee("ann@example.org", "", "");
  reported.recipients[0].action = Action::kDelivered;
  EXPECT_THAT(delivery_report(ours, reported, "1", kNow).message, Not(HasSubstr("Hi. This is")));
}

}  // namespace
}  // namespace sluice::mail
