#include "core/smtp/server_session.h"

#include "core/smtp/server_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

const std::string kHello = "EHLO c.example\r\n";
const std::string kTo = "MAIL FROM:<a@b.example>\r\nRCPT TO:<joe@X.example>\r\n";

TEST(Server, TakesAPipelinedMessage) {
  const Dialogue d = talk(kHello + kTo + "DATA\r\nSubject: x\r\n\r\n..hi\r\n.\r\nQUIT\r\n");
  EXPECT_EQ(codes(d.out), "250 250 250 354 250 221");
  EXPECT_TRUE(d.out.ends_with("250 2.0.0 Ok, queued as 7\r\n221 2.0.0 Bye\r\n"));
  EXPECT_EQ(d.body,
            "Received: from c.example ([192.0.2.1])\r\n\tby mx.example with ESMTP\r\n\tfor "
            "<joe@x.example>;\r\n\tDATE\r\nSubject: x\r\n\r\n.hi\r\n");
  ASSERT_EQ(d.envelopes.size(), 1u);
  EXPECT_EQ(d.envelopes[0].sender, "a@b.example");
  EXPECT_EQ(d.envelopes[0].recipients.at(0).address, "joe@x.example");
  EXPECT_EQ(d.envelopes[0].client, "[192.0.2.1]");
  EXPECT_TRUE(d.closed);
}

TEST(Server, GreetsAndOffersItsExtensions) {
  Circumstances given;
  given.settings.message.octets = 1000;
  RecordingShell shell;
  ServerSession session(given.settings, shell, shell, "[192.0.2.1]");
  std::string out;
  session.greet(out);
  EXPECT_EQ(out, "220 mx.example ESMTP Sluice\r\n");
  EXPECT_EQ(
      talk(kHello, given).out,
      "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-CHUNKING\r\n"
      "250-ENHANCEDSTATUSCODES\r\n250 HELP\r\n");
  EXPECT_EQ(talk("HELO c.example\r\n").out, "250 mx.example\r\n");
}

TEST(Server, TakesManyMessagesInOneSession) {
  const std::string message = kTo + "DATA\r\n.\r\n";
  const Dialogue d = talk(kHello + message + message + message);
  EXPECT_EQ(codes(d.out), "250 250 250 354 250 250 250 354 250 250 250 354 250");
  EXPECT_EQ(d.journal, (std::vector<std::string>{"begin", "end ", "begin", "end ", "begin", "end "}));
}

TEST(Server, TheTraceNamesTheProtocolAndHidesSeveralRecipients) {
  EXPECT_NE(talk("HELO c\r\n" + kTo + "DATA\r\n.\r\n").body.find(" with SMTP\r\n"), std::string::npos);
  const Dialogue d = talk(kHello + "MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n.\r\n");
  EXPECT_NE(d.body.find(" with UTF8SMTP;"), std::string::npos);
  EXPECT_EQ(d.body.find("for <"), std::string::npos);
}

// What the reply to a command is, after the others were said.
struct OrderCase {
  std::string said;
  std::string command;
  Octets reply;
};

TEST(CommandOrder, IsTheTable) {
  const std::string mail = kHello + "MAIL FROM:<>\r\n";
  const std::string rcpt = kHello + kTo;
  const std::string chunk = rcpt + "BDAT 2\r\nhi";
  const std::vector<OrderCase> cases{
      {"", "MAIL FROM:<>", "503 5.5.1"},
      {"", "RCPT TO:<a@b.c>", "503 5.5.1"},
      {"", "DATA", "503 5.5.1"},
      {"", "BDAT 0 LAST", "503 5.5.1"},
      {"", "RSET", "250 2.0.0"},
      {"", "NOOP anything", "250 2.0.0"},
      {"", "VRFY joe", "252 2.5.2"},
      {"", "EXPN list", "502 5.5.1"},
      {"", "HELP", "214 2.0.0"},
      {"", "STARTTLS", "502 5.5.1"},
      {"", "AUTH PLAIN", "502 5.5.1"},
      {"", "ETRN x", "502 5.7.0"},
      {"", "FOO", "500 5.5.1"},
      {"", "EHLO", "501 5.5.4"},
      {"", "QUIT", "221 2.0.0"},
      {kHello, "MAIL FROM:<>", "250 2.1.0"},
      {kHello, "RCPT TO:<a@b.c>", "503 5.5.1"},
      {kHello, "DATA", "503 5.5.1"},
      {kHello, "BDAT 0 LAST", "503 5.5.1"},
      {mail, "MAIL FROM:<>", "503 5.5.1"},
      {mail, "RCPT TO:<a@b.c>", "250 2.1.5"},
      {mail, "DATA", "554 5.5.1"},
      {mail, "BDAT 0 LAST", "554 5.5.1"},
      {mail, "RSET", "250 2.0.0"},
      {rcpt, "MAIL FROM:<>", "503 5.5.1"},
      {rcpt, "RCPT TO:<a@b.c>", "250 2.1.5"},
      {rcpt, "DATA", "354 "},
      {rcpt, "DATA x", "501 5.5.4"},
      {rcpt, "BDAT 0", "250 2.0.0"},
      {rcpt, "EHLO again", "250-mx"},
      {chunk, "MAIL FROM:<>", "503 5.5.1"},
      {chunk, "RCPT TO:<a@b.c>", "503 5.5.1"},
      {chunk, "DATA", "503 5.5.1"},
      {chunk, "BDAT 0 LAST", "250 2.0.0"},
      {chunk, "RSET", "250 2.0.0"},
      {chunk, "NOOP", "250 2.0.0"},
      {chunk + "\r\nRSET\r\n", "DATA", "503 5.5.1"},
      {rcpt + "RSET\r\n", "DATA", "503 5.5.1"},
      {rcpt + "HELO x\r\n", "DATA", "503 5.5.1"},
      {rcpt + "DATA\r\n.\r\n", "DATA", "503 5.5.1"},
      {rcpt + "BDAT 0 LAST\r\n", "BDAT 0 LAST", "503 5.5.1"},
  };
  for (const OrderCase& c : cases) {
    const std::size_t before = talk(c.said).out.size();
    const std::string reply = talk(c.said + c.command + "\r\n").out.substr(before);
    EXPECT_TRUE(reply.starts_with(c.reply)) << c.command << " after [" << c.said << "]: " << reply;
  }
}

TEST(Server, RefusesWhatThePolicyRefuses) {
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<bad@x.y>\r\nRCPT TO:<a@b.c>\r\n").out), "250 550 503");
  const Dialogue d = talk(kHello + "MAIL FROM:<>\r\nRCPT TO:<relay@x.y>\r\nRCPT TO:<later@x.y>\r\nDATA\r\n");
  EXPECT_EQ(codes(d.out), "250 250 550 450 554");
  EXPECT_TRUE(talk(kHello + "MAIL FROM:<>\r\nRCPT TO:<leave@x.y>\r\nNOOP\r\n").closed);
  Circumstances given;
  given.message_policy = Reply{451, {4, 3, 0}, "no queue"};
  EXPECT_EQ(codes(talk(kHello + kTo + "DATA\r\nNOOP\r\n", given).out), "250 250 250 451 250");
  EXPECT_EQ(codes(talk(kHello + kTo + "BDAT 3\r\nabcBDAT 3 LAST\r\nabcNOOP\r\n", given).out),
            "250 250 250 451 451 250");
}

TEST(Server, AddressErrorsHaveTheirCodes) {
  const std::string mail = kHello + "MAIL FROM:<>\r\n";
  const std::pair<std::string, Octets> cases[] = {
      {"RCPT TO:<a b@c>", "501 5.1.3"},          {"RCPT TO:<joe>", "553 5.1.3"},
      {"RCPT TO:<j\xc3\xb6@x.y>", "553 5.6.7"},  {"RCPT TO:<a@b.c> AUTH=x", "555 5.5.4"},
      {"RCPT TO:<a@b.c> NOTIFY==", "501 5.5.4"}, {"RCPT FOR:<a@b.c>", "501 5.5.4"}};
  for (const auto& [command, reply] : cases) {
    const Dialogue d = talk(mail + command + "\r\n");
    EXPECT_NE(d.out.find("\r\n" + std::string(reply)), std::string::npos) << command << d.out;
  }
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<j\xc3\xb6@x.y>\r\nMAIL FROM:<j\xc3\xb6@x.y> SMTPUTF8\r\n").out),
            "250 553 250");
}

TEST(Server, DsnParametersAreStoredWithTheEnvelope) {
  const Dialogue d = talk(kHello +
                          "MAIL FROM:<a@b.example> RET=HDRS ENVID=QQ314+2B159\r\n"
                          "RCPT TO:<c@d.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;C+2Bx@d.example\r\n"
                          "RCPT TO:<e@d.example> NOTIFY=NEVER\r\nRCPT TO:<f@d.example>\r\nDATA\r\n.\r\n");
  ASSERT_EQ(d.envelopes.size(), 1u) << d.out;
  const mail::Envelope& envelope = d.envelopes.front();
  EXPECT_EQ(envelope.ret, mail::Return::kHeaders);
  EXPECT_EQ(envelope.envelope_id, "QQ314+2B159");
  EXPECT_EQ(envelope.recipients.at(0).notify, mail::notify::kSuccess | mail::notify::kFailure);
  EXPECT_EQ(envelope.recipients.at(0).original_recipient, "rfc822;C+2Bx@d.example");
  EXPECT_EQ(envelope.recipients.at(1).notify, mail::notify::kNever);
  EXPECT_EQ(envelope.recipients.at(2), (mail::Recipient{"f@d.example", 0, ""}));
}

TEST(Server, DsnIsAnnouncedAndNotTakenWhereItIsNot) {
  Circumstances without;
  without.settings.extensions.dsn = false;
  EXPECT_NE(talk("EHLO x\r\n").out.find("250-DSN\r\n"), std::string::npos);
  EXPECT_EQ(talk("EHLO x\r\n", without).out.find("DSN"), std::string::npos);
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<> RET=FULL\r\n", without).out), "250 555");
}

TEST(Server, AnOriginalRecipientInUtf8NeedsADeclaredMessage) {
  const std::string rcpt = "RCPT TO:<a@b.example> ORCPT=utf-8;j\xc3\xb6@b.example\r\n";
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<>\r\n" + rcpt).out), "250 250 501");
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<> SMTPUTF8\r\n" + rcpt).out), "250 250 250");
}

TEST(Server, PostmasterWithoutDomainIsOurs) {
  const Dialogue d = talk(kHello + "MAIL FROM:<>\r\nRCPT TO:<PostMaster>\r\nDATA\r\n.\r\n");
  EXPECT_EQ(d.envelopes.at(0).recipients.at(0).address, "postmaster@mx.example");
}

TEST(Limits, OnSizeAreKeptBeforeAndAfterTheBody) {
  Circumstances given;
  given.settings.message.octets = 10;
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<> SIZE=11\r\nMAIL FROM:<> SIZE=10\r\n", given).out), "250 552 250");
  const Dialogue d = talk(kHello + kTo + "DATA\r\n12345678901\r\nQUIT\r\n.\r\nNOOP\r\n", given);
  EXPECT_EQ(codes(d.out), "250 250 250 354 552 250");
  EXPECT_EQ(d.journal, (std::vector<std::string>{"begin", "abort"}));
}

TEST(Limits, OnLinesRecipientsAndHopsAreKept) {
  Circumstances given;
  given.settings.message.text_line = 10;
  given.settings.recipients = 1;
  given.settings.hops = 2;
  EXPECT_EQ(codes(talk(kHello + kTo + "RCPT TO:<c@d.e>\r\nDATA\r\n12345678901\r\n.\r\n", given).out),
            "250 250 250 452 354 554");
  const std::string hop = "Received:\r\n";
  EXPECT_EQ(codes(talk(kHello + kTo + "DATA\r\n" + hop + hop + ".\r\n", given).out), "250 250 250 354 250");
  const Dialogue d = talk(kHello + kTo + "DATA\r\n" + hop + hop + hop + ".\r\n", given);
  EXPECT_NE(d.out.find("554 5.4.6"), std::string::npos);
}

TEST(Limits, TooManyErrorsEndTheSession) {
  Circumstances given;
  given.settings.errors = 2;
  EXPECT_EQ(codes(talk("X\r\nX\r\nNOOP\r\n", given).out), "500 500 250");
  const Dialogue d = talk("X\r\nX\r\nX\r\nNOOP\r\n", given);
  EXPECT_EQ(codes(d.out), "500 500 500 421");
  EXPECT_TRUE(d.closed);
  EXPECT_FALSE(talk("X\r\nX\r\n" + kHello + kTo + "DATA\r\n.\r\nX\r\nX\r\n", given).closed)
      << "a message makes it good";
}

TEST(Limits, OnCommandLinesAreKept) {
  Circumstances given;
  given.settings.command_line = 20;
  EXPECT_EQ(codes(talk("NOOP " + std::string(50, 'x') + "\r\nNOOP\r\n", given).out), "500 250");
}

TEST(Bdat, ChunksMakeOneMessage) {
  const Dialogue d = talk(kHello + kTo + "BDAT 5\r\n.\r\n.\rBDAT 3\r\n\nhi" + "BDAT 0 LAST\r\nNOOP\r\n");
  EXPECT_EQ(codes(d.out), "250 250 250 250 250 250 250");
  EXPECT_EQ(d.journal, (std::vector<std::string>{"begin", "end .\r\n.\r\nhi"}));
}

TEST(Bdat, ThatMayNotComeIsSwallowedWithItsOctets) {
  EXPECT_EQ(codes(talk(kHello + "BDAT 6\r\nQUIT\r\nNOOP\r\n").out), "250 503 250");
  EXPECT_EQ(codes(talk("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n").out), "503 250");
  EXPECT_EQ(codes(talk(kHello + "MAIL FROM:<>\r\nRCPT TO:<relay@x.y>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n").out),
            "250 250 550 554 250");
  Circumstances off;
  off.settings.chunking = false;
  EXPECT_EQ(codes(talk(kHello + kTo + "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", off).out), "250 250 250 502 250");
}

TEST(Bdat, WithoutAReadableSizeEndsTheSession) {
  const Dialogue d = talk(kHello + kTo + "BDAT x\r\nQUIT\r\n");
  EXPECT_EQ(codes(d.out), "250 250 250 521");
  EXPECT_TRUE(d.closed);
}

TEST(Bdat, WithoutAReadableSizeAbortsTheMessageThatHadBegun) {
  EXPECT_EQ(talk(kHello + kTo + "BDAT 1\r\naBDAT x\r\n").journal, (std::vector<std::string>{"begin", "abort"}));
}

TEST(Bdat, ADefectRefusesTheChunkAndAllThatFollow) {
  Circumstances given;
  given.settings.message.octets = 4;
  const Dialogue d = talk(kHello + kTo + "BDAT 5\r\n12345BDAT 1\r\n6BDAT 1 LAST\r\n7MAIL FROM:<>\r\n", given);
  EXPECT_EQ(codes(d.out), "250 250 250 552 552 552 250");
  EXPECT_EQ(d.journal, (std::vector<std::string>{"begin", "abort"}));
  EXPECT_EQ(codes(talk(kHello + kTo + "BDAT 3\r\na\nbBDAT 0 LAST\r\n").out), "250 250 250 550 550");
  EXPECT_EQ(codes(talk(kHello + kTo + "BDAT 2 LAST\r\na\rNOOP\r\n").out), "250 250 250 550 250");
}

TEST(Reset, InTheMiddleOfChunksAbortsTheMessage) {
  for (const std::string command : {"RSET\r\n", "EHLO x\r\n", "QUIT\r\n"}) {
    EXPECT_EQ(talk(kHello + kTo + "BDAT 1\r\na" + command).journal, (std::vector<std::string>{"begin", "abort"}));
  }
}

}  // namespace
}  // namespace sluice::smtp
