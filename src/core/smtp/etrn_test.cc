#include "core/smtp/etrn.h"

#include "core/smtp/server_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

using Kind = EtrnCommand::Kind;

TEST(Etrn, NamesAHostADomainWithAllBelowItOrAGroup) {
  EXPECT_EQ(parse_etrn("Mail.Example.ORG"), (EtrnCommand{Kind::kHost, "mail.example.org"}));
  EXPECT_EQ(parse_etrn(".example"), (EtrnCommand{Kind::kHost, ".example"})) << "a part of a name is enough";
  EXPECT_EQ(parse_etrn("[192.0.2.1]"), (EtrnCommand{Kind::kHost, "[192.0.2.1]"}));
  EXPECT_EQ(parse_etrn("[IPv6:2001:db8::1]"), (EtrnCommand{Kind::kHost, "[ipv6:2001:db8::1]"}));
  EXPECT_EQ(parse_etrn("@Example.ORG"), (EtrnCommand{Kind::kBelow, "example.org"}));
  EXPECT_EQ(parse_etrn("#Slow_1"), (EtrnCommand{Kind::kGroup, "slow_1"}));
}

TEST(Etrn, RefusesWhatIsNoName) {
  EXPECT_EQ(parse_etrn("").error(), EtrnError::kMissing);
  EXPECT_EQ(parse_etrn("two names").error(), EtrnError::kTwoNames);
  for (const char* bad : {"@", "#", "@@x", "#a.b", "a@b", "<a>", "*", "a..b", "@.org", "@[192.0.2.1]", "[]", "x:y",
                          "j\xc3\xb6.example", "#a#b", "a/b"})
    EXPECT_EQ(parse_etrn(bad).error(), EtrnError::kBadName) << bad;
  EXPECT_EQ(parse_etrn(std::string(256, 'a')).error(), EtrnError::kBadName);
  EXPECT_TRUE(parse_etrn(std::string(255, 'a')));
}

TEST(Etrn, IsWrittenAsItWasAsked) {
  for (const char* text : {"mail.example.org", "@example.org", "#slow"}) EXPECT_EQ(to_text(*parse_etrn(text)), text);
}

struct Asked : RecordingShell {
  std::vector<EtrnCommand> commands;
  Reply start_run(const EtrnCommand& command) override {
    commands.push_back(command);
    if (command.name == "busy") return etrn_not_started(command);
    if (command.name == "foreign") return etrn_not_allowed(command);
    if (command.kind == Kind::kGroup && command.name != "slow") return etrn_unknown_group(command);
    return etrn_started(command);
  }
};

std::string say(Octets input, Asked& shell, bool offered = true) {
  Circumstances given;
  given.settings.etrn = offered;
  ServerSession session(given.settings, shell, shell, "[192.0.2.1]");
  std::string out;
  shell.session = &session;
  shell.out = &out;
  session.receive(input, out);
  return out;
}

std::string say(Octets input) {
  Asked shell;
  return say(input, shell);
}

TEST(Etrn, IsAnsweredWithTheRepliesOfSendmailAndTheStandard) {
  EXPECT_EQ(say("ETRN\r\n"), "550 Parameter required\r\n");
  EXPECT_EQ(say("ETRN dc.gov\r\n"), "250 2.0.0 Queuing for node dc.gov started\r\n");
  EXPECT_EQ(say("etrn @DC.gov\r\n"), "250 2.0.0 Queuing for node @dc.gov started\r\n");
  EXPECT_EQ(say("ETRN #slow\r\n"), "250 2.0.0 Queuing for queue group slow started\r\n");
  EXPECT_EQ(say("ETRN #badname\r\n"), "459 4.5.4 Queue badname unknown\r\n");
  EXPECT_EQ(say("ETRN busy\r\n"), "458 4.3.0 Unable to queue messages for node busy\r\n");
  EXPECT_EQ(say("ETRN foreign\r\n"), "459 4.7.1 Node foreign not allowed: not from your address\r\n");
  EXPECT_EQ(codes(say("ETRN a b\r\nETRN a@b\r\nETRN @\r\n")), "501 501 501");
}

TEST(Etrn, MayComeAtAnyTimeButWithinATransaction) {
  EXPECT_EQ(codes(say("ETRN x\r\nEHLO c\r\nETRN x\r\n")), "250 250 250") << "a session is enough";
  const std::string mail = "EHLO c\r\nMAIL FROM:<a@b.c>\r\n", rcpt = mail + "RCPT TO:<d@e.f>\r\n";
  Asked shell;
  EXPECT_EQ(codes(say(mail + "ETRN x\r\n", shell)), "250 250 503");
  EXPECT_EQ(codes(say(rcpt + "ETRN x\r\n", shell)), "250 250 250 503");
  EXPECT_EQ(codes(say(rcpt + "BDAT 2\r\nhiETRN x\r\n", shell)), "250 250 250 250 503");
  EXPECT_TRUE(shell.commands.empty());
  EXPECT_EQ(codes(say(rcpt + "RSET\r\nETRN x\r\n", shell)), "250 250 250 250 250");
}

TEST(Etrn, IsNotOfferedWhereItIsNotAllowed) {
  Asked shell;
  EXPECT_EQ(say("ETRN\r\nETRN x\r\n", shell, false),
            "502 5.7.0 ETRN is not offered here\r\n502 5.7.0 ETRN is not offered here\r\n");
  EXPECT_EQ(say("EHLO c\r\n", shell, false).find("ETRN"), std::string::npos);
  EXPECT_NE(say("EHLO c\r\n", shell).find("250-ETRN\r\n"), std::string::npos);
  EXPECT_TRUE(shell.commands.empty());
}

TEST(Etrn, ThatFailsForNowIsNoErrorOfTheClient) {
  std::string flood;
  for (int i = 0; i < 100; ++i) flood += "ETRN busy\r\n";
  EXPECT_TRUE(codes(say(flood + "QUIT\r\n")).ends_with("458 221"));
}

}  // namespace
}  // namespace sluice::smtp
