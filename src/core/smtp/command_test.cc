#include "core/smtp/command.h"

#include <gtest/gtest.h>

namespace sluice::smtp {
namespace {

constexpr Extensions kPlain{.smtputf8 = true, .dsn = false};
constexpr Extensions kDsn{.smtputf8 = true, .dsn = true};

TEST(Command, VerbsAreReadWithoutCase) {
  const std::pair<Octets, Verb> cases[] = {{"HELO a", Verb::kHelo},
                                           {"ehlo a", Verb::kEhlo},
                                           {"Mail FROM:<>", Verb::kMail},
                                           {"RCPT", Verb::kRcpt},
                                           {"DATA", Verb::kData},
                                           {"bDaT 1", Verb::kBdat},
                                           {"RSET", Verb::kRset},
                                           {"NOOP", Verb::kNoop},
                                           {"QUIT ", Verb::kQuit},
                                           {"VRFY x", Verb::kVrfy},
                                           {"EXPN x", Verb::kExpn},
                                           {"HELP", Verb::kHelp},
                                           {"AUTH", Verb::kAuth},
                                           {"StartTls", Verb::kStartTls},
                                           {"ETRN x", Verb::kEtrn},
                                           {"", Verb::kUnknown},
                                           {"DAT", Verb::kUnknown},
                                           {"DATAX", Verb::kUnknown},
                                           {"GET / HTTP/1.1", Verb::kUnknown}};
  for (const auto& [line, verb] : cases) EXPECT_EQ(split_command(line)->verb, verb) << line;
  EXPECT_EQ(split_command("VRFY  a b ")->argument, "a b");
}

TEST(Command, ControlCharactersMakeNoCommand) {
  EXPECT_FALSE(split_command("NOOP \x01"));
  EXPECT_FALSE(split_command(Octets("NOOP\0", 5)));
  EXPECT_FALSE(split_command("NOOP\tx"));
  EXPECT_FALSE(split_command("NOOP \x7f"));
}

TEST(MailCommand, TakesItsParameters) {
  const auto mail = parse_mail("FROM:<a@b.example> SIZE=1234  body=8bitmime SMTPUTF8 ", kPlain);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->sender.address, "a@b.example");
  EXPECT_EQ(mail->size, 1234u);
  EXPECT_TRUE(mail->eight_bit);
  EXPECT_TRUE(mail->smtputf8);
  EXPECT_EQ(parse_mail("from: <>", kPlain)->sender.address, "");
}

TEST(MailCommand, TakesTheSenderOfADoubleBounce) {
  const auto mail = parse_mail("FROM: <#@[]> SIZE=12", kPlain);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->sender.address, "#@[]");
  EXPECT_EQ(mail->size, 12u);
  EXPECT_FALSE(parse_mail("FROM:<#@[]>x", kPlain));
  EXPECT_FALSE(parse_mail("FROM:<a@[]>", kPlain));
  EXPECT_FALSE(parse_rcpt("TO:<#@[]>", kPlain));
}

TEST(MailCommand, ErrorsAreTyped) {
  const std::pair<Octets, CommandError> cases[] = {{"", CommandError::kSyntax},
                                                   {"TO:<a@b.example>", CommandError::kSyntax},
                                                   {"FROM:", CommandError::kSyntax},
                                                   {"FROM:<a@b.example>SIZE=1", CommandError::kBadAddress},
                                                   {"FROM:<a b@c>", CommandError::kBadAddress},
                                                   {"FROM:<a>", CommandError::kNoDomain},
                                                   {"FROM:<postmaster>", CommandError::kNoDomain},
                                                   {"FROM:<\xff@b.example>", CommandError::kBadUtf8},
                                                   {"FROM:<> SIZE=", CommandError::kBadParameter},
                                                   {"FROM:<> SIZE", CommandError::kBadParameter},
                                                   {"FROM:<> SIZE=-1", CommandError::kBadParameter},
                                                   {"FROM:<> SIZE=99999999999999999999", CommandError::kBadParameter},
                                                   {"FROM:<> SIZE=1 SIZE=1", CommandError::kBadParameter},
                                                   {"FROM:<> BODY=9BIT", CommandError::kBadParameter},
                                                   {"FROM:<> BODY=7BIT BODY=7BIT", CommandError::kBadParameter},
                                                   {"FROM:<> BODY=BINARYMIME", CommandError::kUnknownParameter},
                                                   {"FROM:<> SMTPUTF8=1", CommandError::kBadParameter},
                                                   {"FROM:<> RET=FULL", CommandError::kUnknownParameter},
                                                   {"FROM:<> AUTH=<>", CommandError::kUnknownParameter},
                                                   {"FROM:<> X==", CommandError::kBadParameter},
                                                   {"FROM:<> =1", CommandError::kBadParameter}};
  for (const auto& [argument, error] : cases) {
    const auto mail = parse_mail(argument, kPlain);
    ASSERT_FALSE(mail) << argument;
    EXPECT_EQ(mail.error(), error) << argument;
  }
}

TEST(MailCommand, DsnParametersAreTakenWhenOffered) {
  const auto mail = parse_mail("FROM:<> RET=HDRS ENVID=QQ+2B", kDsn);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->ret, mail::Return::kHeaders);
  EXPECT_EQ(mail->envelope_id, "QQ+2B");
  EXPECT_FALSE(parse_mail("FROM:<> ENVID=a+zz", kDsn));
  EXPECT_FALSE(parse_mail("FROM:<> RET=ALL", kDsn));
}

TEST(MailCommand, AnEnvelopeIdIsPrintableXtextOfAHundredOctets) {
  const std::string longest(100, 'x');
  EXPECT_EQ(parse_mail("FROM:<> ENVID=" + longest, kDsn)->envelope_id, longest);
  EXPECT_EQ(parse_mail("FROM:<> ENVID=a+20b+7E", kDsn)->envelope_id, "a+20b+7E");
  for (const std::string& bad : {longest + "x", std::string("a+0Ab"), std::string("+7F"), std::string("+80"),
                                 std::string("a+2"), std::string("a+2b"), std::string("j\xc3\xb6"), std::string()}) {
    EXPECT_EQ(parse_mail("FROM:<> ENVID=" + bad, kDsn).error(), CommandError::kBadParameter) << bad;
  }
  EXPECT_FALSE(parse_mail("FROM:<> ENVID=a ENVID=a", kDsn));
  EXPECT_FALSE(parse_mail("FROM:<> RET=FULL RET=FULL", kDsn));
}

TEST(RcptCommand, TakesItsParameters) {
  EXPECT_EQ(parse_rcpt("TO:<Postmaster>", kPlain)->recipient.address, "postmaster");
  EXPECT_EQ(parse_rcpt("TO:<>", kPlain).error(), CommandError::kBadAddress);
  EXPECT_EQ(parse_rcpt("TO:<a@b.example> NOTIFY=NEVER", kPlain).error(), CommandError::kUnknownParameter);
  const auto rcpt = parse_rcpt("TO:<a@b.example> NOTIFY=success,DELAY ORCPT=rfc822;c+40d", kDsn);
  ASSERT_TRUE(rcpt);
  EXPECT_EQ(rcpt->notify, mail::notify::kSuccess | mail::notify::kDelay);
  EXPECT_EQ(rcpt->original_recipient, "rfc822;c+40d");
  EXPECT_EQ(parse_rcpt("TO:<a@b.example> NOTIFY=never", kDsn)->notify, mail::notify::kNever);
}

TEST(RcptCommand, BadDsnParametersAreRefused) {
  const std::string too_long = "ORCPT=rfc822;" + std::string(500 - 6, 'x');
  EXPECT_TRUE(parse_rcpt("TO:<a@b.example> " + too_long.substr(0, too_long.size() - 1), kDsn));
  for (const std::string& bad :
       {std::string("NOTIFY=NEVER,DELAY"), std::string("NOTIFY=DELAY,NEVER"), std::string("NOTIFY=DELAY,"),
        std::string("NOTIFY=SOON"), std::string("NOTIFY=DELAY NOTIFY=DELAY"), std::string("ORCPT=rfc822"),
        std::string("ORCPT=rfc822;"), std::string("ORCPT=;x"), std::string("ORCPT=rfc822;x+0Dy"),
        std::string("ORCPT=rfc822;x ORCPT=rfc822;x"), std::string("ORCPT=rfc(822;x"), too_long}) {
    EXPECT_EQ(parse_rcpt("TO:<a@b.example> " + bad, kDsn).error(), CommandError::kBadParameter) << bad;
  }
}

TEST(BdatCommand, NeedsASizeThatCanBeRead) {
  EXPECT_EQ(parse_bdat("100")->size, 100u);
  EXPECT_FALSE(parse_bdat("100")->last);
  EXPECT_TRUE(parse_bdat("0 last")->last);
  for (const Octets bad : {"", "LAST", "x", "1x", "-1", "+1", "1 2", "1 LAST 2", "18446744073709551616"}) {
    EXPECT_FALSE(parse_bdat(bad)) << bad;
  }
}

TEST(HelloCommand, NamesAreMadeSafeForHeaders) {
  EXPECT_EQ(*parse_hello("mail.example"), "mail.example");
  EXPECT_EQ(*parse_hello("[IPv6:::1]"), "[IPv6:::1]");
  EXPECT_EQ(*parse_hello("a(b)\xff;c d"), "a?b???c");
  EXPECT_FALSE(parse_hello(""));
}

}  // namespace
}  // namespace sluice::smtp
