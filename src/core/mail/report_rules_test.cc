#include "core/mail/report_rules.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

TEST(ReportStatus, OfAFailureAgreesWithIt) {
  const auto status = [](EnhancedCode code, bool expired) {
    return report_status(Action::kFailed, {Verdict::kFailed, Trouble::kNone, 550, code, ""}, expired);
  };
  EXPECT_EQ(status({5, 7, 1}, false), (EnhancedCode{5, 7, 1}));
  EXPECT_EQ(status({4, 7, 1}, false), (EnhancedCode{5, 7, 1}));
  EXPECT_EQ(status({2, 0, 0}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({0, 0, 0}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({5, 60000, 1}, false), (EnhancedCode{5, 0, 0}));
  EXPECT_EQ(status({4, 2, 2}, true), (EnhancedCode{4, 2, 2}));
  EXPECT_EQ(status({4, 60000, 2}, true), (EnhancedCode{4, 4, 7}));
  EXPECT_EQ(status({0, 0, 0}, true), (EnhancedCode{4, 4, 7}));
}

TEST(ReportStatus, OfDelayAndSuccessIsOfTheirClass) {
  const auto status = [](Action action, EnhancedCode code) {
    return report_status(action, {Verdict::kDelivered, Trouble::kNone, 0, code, ""}, false);
  };
  EXPECT_EQ(status(Action::kDelayed, {4, 4, 1}), (EnhancedCode{4, 4, 1}));
  EXPECT_EQ(status(Action::kDelayed, {}), (EnhancedCode{4, 0, 0}));
  EXPECT_EQ(status(Action::kDelayed, {5, 1, 1}), (EnhancedCode{4, 0, 0}));
  EXPECT_EQ(status(Action::kDelivered, {2, 1, 5}), (EnhancedCode{2, 1, 5}));
  EXPECT_EQ(status(Action::kRelayed, {}), (EnhancedCode{2, 0, 0}));
  EXPECT_EQ(status(Action::kExpanded, {4, 0, 0}), (EnhancedCode{2, 0, 0}));
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

TEST(Failure, IsReportedUnlessNotifySaysOtherwise) {
  const auto action = [](std::uint8_t bits) { return reported_action(Verdict::kFailed, Reached::kMailbox, bits); };
  EXPECT_EQ(action(0), Action::kFailed);
  EXPECT_EQ(action(notify::kFailure | notify::kDelay), Action::kFailed);
  EXPECT_FALSE(action(notify::kNever));
  EXPECT_FALSE(action(notify::kSuccess | notify::kDelay));
}

TEST(Success, IsReportedOnlyWhenAskedFor) {
  const auto action = [](std::uint8_t bits) { return reported_action(Verdict::kDelivered, Reached::kMailbox, bits); };
  EXPECT_FALSE(action(0));
  EXPECT_FALSE(action(notify::kFailure | notify::kDelay));
  EXPECT_FALSE(action(notify::kNever));
  EXPECT_EQ(action(notify::kSuccess), Action::kDelivered);
}

TEST(Success, IsReportedForHowFarTheMessageCame) {
  const auto action = [](Reached reached) {
    return reported_action(Verdict::kDelivered, reached, notify::kSuccess | notify::kFailure);
  };
  EXPECT_EQ(action(Reached::kServer), Action::kRelayed);
  EXPECT_EQ(action(Reached::kExpanded), Action::kExpanded);
  EXPECT_FALSE(action(Reached::kReporter)) << "the next server reports";
}

TEST(Deferral, IsNoReason) { EXPECT_FALSE(reported_action(Verdict::kDeferred, Reached::kMailbox, 0)); }

TEST(Delay, IsReportedByDefaultAndWhenAskedFor) {
  EXPECT_TRUE(wants_delay_report(0));
  EXPECT_TRUE(wants_delay_report(notify::kDelay | notify::kSuccess));
  EXPECT_FALSE(wants_delay_report(notify::kFailure | notify::kSuccess));
  EXPECT_FALSE(wants_delay_report(notify::kNever));
}

TEST(BulkMail, IsToldByItsPrecedence) {
  EXPECT_TRUE(is_bulk("Subject: x\nPRECEDENCE:  Bulk \n\n"));
  EXPECT_TRUE(is_bulk("Precedence: list\r\n\r\n"));
  EXPECT_TRUE(is_bulk("Precedence: junk\r\n\r\n"));
  EXPECT_FALSE(is_bulk("Precedence: first-class\r\n\r\n"));
  EXPECT_FALSE(is_bulk("Subject: x\r\n\r\nPrecedence: bulk\r\n"));
  EXPECT_FALSE(is_bulk(""));
}

TEST(RemoteAnswer, IsFoundInTextsOfQmailRemote) {
  auto answer = remote_answer("192.0.2.1 refused./Remote host said: 550 5.1.1 a/b/Giving up on 192.0.2.1./");
  EXPECT_EQ(answer.host, "192.0.2.1");
  EXPECT_EQ(answer.reply, "550 5.1.1 a/b");
  answer = remote_answer("mx.example.net accepted message./Remote host said: 250 ok/");
  EXPECT_EQ(answer.host, "mx.example.net");
  EXPECT_EQ(answer.reply, "250 ok");
}

TEST(RemoteAnswer, IsEmptyInOtherTexts) {
  for (const char* text : {"", "did 1+0+0", "Remote host said: 550 x", "connect to x: refused"}) {
    EXPECT_EQ(remote_answer(text).host, "") << text;
    EXPECT_EQ(remote_answer(text).reply, "") << text;
  }
  EXPECT_EQ(remote_answer("./Remote host said: ").reply, "");
}

}  // namespace
}  // namespace sluice::mail
