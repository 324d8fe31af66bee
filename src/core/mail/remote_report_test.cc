#include "core/mail/remote_report.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::mail {
namespace {

using How = ProgramEnd::How;

// Reports, each ended by '|' instead of NUL.
Outcome read(std::string output, ProgramEnd end = {}) {
  for (char& c : output)
    if (c == '|') c = '\0';
  return read_remote_report(output, end);
}

TEST(RemoteReport, TheReportOnTheMessageDecides) {
  EXPECT_EQ(read("r|K192.0.2.1 accepted message.\n|").verdict, Verdict::kDelivered);
  EXPECT_EQ(read("r|Zlater|").verdict, Verdict::kDeferred);
  EXPECT_EQ(read("r|Dnever|").verdict, Verdict::kFailed);
  EXPECT_EQ(read("r|K|").reached, Reached::kServer);
}

TEST(RemoteReport, WhatWasSaidAboutTheRecipientCountsOverIt) {
  EXPECT_EQ(read("shold on|K|").verdict, Verdict::kDeferred);
  EXPECT_EQ(read("hno such user|K|").verdict, Verdict::kFailed);
  EXPECT_EQ(read("hno such user|Zgiving up|").verdict, Verdict::kFailed);
  EXPECT_EQ(read("shold on|Dgiving up|").verdict, Verdict::kDeferred);
}

TEST(RemoteReport, TheTextIsThatOfTheRecipientAndOfTheMessageUnlessItWentBetter) {
  EXPECT_EQ(read("r|Ksent\n|").text, "sent/");
  EXPECT_EQ(read("hno\n|Dgave up\n|").text, "no/gave up/");
  EXPECT_EQ(read("hno\n|Ksent\n|").text, "no/");
  EXPECT_EQ(read("slater\n|Dno\n|").text, "later/no/");
  EXPECT_EQ(read("Zno connection|").text, "no connection") << "there was nobody to ask about the recipient";
}

TEST(RemoteReport, AProgramThatSaysNothingOfUseFailsOrDefers) {
  EXPECT_EQ(read("").verdict, Verdict::kDeferred);
  EXPECT_EQ(read("Ksent").verdict, Verdict::kDeferred) << "not finished";
  EXPECT_EQ(read("|||").verdict, Verdict::kDeferred);
  EXPECT_EQ(read("rok|").verdict, Verdict::kFailed) << "no word about the message";
  EXPECT_EQ(read("xyz|").verdict, Verdict::kFailed);
}

TEST(RemoteReport, ExitCodesCountBeforeTheOutput) {
  EXPECT_EQ(read("r|K|", {How::kExited, 111}).verdict, Verdict::kDeferred);
  EXPECT_EQ(read("r|K|", {How::kExited, 1}).verdict, Verdict::kFailed);
  EXPECT_EQ(read("r|K|", {How::kExited, 100}).verdict, Verdict::kFailed);
  EXPECT_EQ(read("r|K|", {How::kKilled, 11}).verdict, Verdict::kDeferred);
  EXPECT_EQ(read("r|K|", {How::kTimedOut, 0}).verdict, Verdict::kDeferred);
}

TEST(RemoteReport, CodesAreReadFromTheText) {
  const Outcome refused =
      read("h192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 nobody\n|DGiving up on 192.0.2.1.\n|");
  EXPECT_EQ(refused.reply, 550);
  EXPECT_EQ(refused.code, (EnhancedCode{5, 1, 1}));
  EXPECT_EQ(read("DI don't know that host. (#5.1.2)|").code, (EnhancedCode{5, 1, 2}));
  EXPECT_EQ(read("Zodd (#5.1.2)|").code, (EnhancedCode{4, 0, 0})) << "does not fit the verdict";
  EXPECT_EQ(read("Dno (#5.1111.2) said: 5502|").code, (EnhancedCode{5, 0, 0}));
}

TEST(RemoteReport, TroubleWithTheConnectionIsToldFromTheCode) {
  EXPECT_EQ(read("Zwasn't able to establish an SMTP connection. (#4.4.1)|").trouble, Trouble::kUnreachable);
  EXPECT_EQ(read("Zconnected but connection died. (#4.4.2)|").trouble, Trouble::kConnection);
  EXPECT_EQ(read("Zno idea (#4.3.0)|").trouble, Trouble::kNone);
  EXPECT_EQ(read("D(#5.4.1)|").trouble, Trouble::kNone);
}

TEST(RemoteReport, TheTextIsOneLineOfBoundedPrintableUtf8) {
  EXPECT_EQ(read("Da\tb\x7f\xff"
                 "c\n|")
                .text,
            "a b ?c/");
  EXPECT_EQ(read("Dj\xc3\xb6|").text, "j\xc3\xb6");
  EXPECT_EQ(read("D" + std::string(5000, 'x') + "|").text.size(), kMaximumText);
  EXPECT_EQ(read("Dx" + std::string(999, 'x') + "\xc3\xb6|").text, "x" + std::string(999, 'x'));
  EXPECT_EQ(read("K" + std::string(20000, 'x') + "|").verdict, Verdict::kDeferred) << "too long to be a report";
}

}  // namespace
}  // namespace sluice::mail
