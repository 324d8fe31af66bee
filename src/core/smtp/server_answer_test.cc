// The server session and its shell: deferred answers, pauses, time limits, and what smugglers try.
#include "core/smtp/server_dialogue_for_tests.h"

namespace sluice::smtp {
namespace {

const std::string kMessage = "MAIL FROM:<a@b.c>\r\nRCPT TO:<joe@x.y>\r\nDATA\r\nhi\r\n.\r\n";

struct LiveServer : ::testing::Test {
  Circumstances given;
  RecordingShell shell;
  ServerSession session{given.settings, shell, shell, "[192.0.2.1]"};
  std::string out;
  LiveServer() {
    shell.session = &session;
    shell.out = &out;
    shell.answers_at_once = false;
  }
  std::string said() { return codes(std::exchange(out, {})); }
};

TEST_F(LiveServer, TheFinalDotIsAnsweredWhenTheShellHasAnswered) {
  session.receive("EHLO c\r\n" + kMessage + kMessage + "QUIT\r\n", out);
  EXPECT_EQ(said(), "250 250 250 354");
  EXPECT_TRUE(session.wants_pause());
  EXPECT_EQ(session.wait(), ServerSession::Wait::kAnswer);
  session.message_accepted("1", out);
  EXPECT_EQ(said(), "250 250 250 354") << "what was held is read now";
  session.message_refused({452, {4, 3, 1}, "disk full"}, out);
  EXPECT_EQ(said(), "452 221");
}

TEST_F(LiveServer, HoldsABoundedAmountWhileAMessageWaits) {
  session.receive("EHLO c\r\n" + kMessage, out);
  const std::string flood(ServerSession::kMaximumHeld / 2 + 1, 'x');
  session.receive(flood, out);
  EXPECT_FALSE(session.closed());
  session.receive(flood, out);
  EXPECT_TRUE(session.closed());
  EXPECT_TRUE(out.ends_with("421 4.7.0 Too much input before the reply\r\n"));
}

TEST_F(LiveServer, StopsAfterTheWaitingMessageIsAnswered) {
  session.receive("EHLO c\r\n" + kMessage, out);
  out.clear();
  session.shut_down(out);
  EXPECT_EQ(out, "");
  session.message_accepted("1", out);
  EXPECT_EQ(said(), "250 421");
  EXPECT_TRUE(session.closed());
}

TEST_F(LiveServer, AbortsAMessageThatIsNotFinished) {
  session.receive("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nhi", out);
  EXPECT_EQ(session.wait(), ServerSession::Wait::kBody);
  out.clear();
  session.timed_out(out);
  EXPECT_EQ(out, "421 4.4.2 Timeout, closing the connection\r\n");
  EXPECT_EQ(shell.journal, (std::vector<std::string>{"begin", "abort"}));
}

TEST_F(LiveServer, AnAnswerNobodyWaitsForIsIgnored) {
  session.message_accepted("1", out);
  session.receive("EHLO c\r\n" + kMessage, out);
  session.peer_closed();
  out.clear();
  session.message_accepted("1", out);
  EXPECT_EQ(out, "");
  EXPECT_EQ(shell.journal, (std::vector<std::string>{"begin", "end hi\r\n"})) << "complete: not aborted";
}

// The inbound forms of SMTP smuggling: a false end of data, then commands of a second message.
TEST(Smuggling, NoFalseEndOfDataLetsCommandsThrough) {
  const std::string forms[] = {"\n.\n",          "\n.\r\n",         "\r.\r",     "\r.\r\n",     "\r\n.\n",
                               "\r\n.\r",        "\n.\r",           "\r.\n",     "\r\n.\r\r\n", "\r\r\n.\r\r\n",
                               "\n\n.\r\n",      "\r\n\n.\n",       "\n\r.\r\n", "\r\r.\r\n",   {"\r\n\0.\n", 5},
                               {"\r\n.\0\n", 5}, {"\r\0\n.\r\n", 6}};
  const std::string evil = "MAIL FROM:<evil@e.vil>\r\nRCPT TO:<victim@x.y>\r\nDATA\r\nfake\r\n";
  for (const std::string& form : forms) {
    const std::string wire =
        "EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<joe@x.y>\r\nDATA\r\nreal" + form + evil + ".\r\nNOOP\r\n";
    const Dialogue refused = talk(wire);
    EXPECT_EQ(codes(refused.out), "250 250 250 354 550 250") << ::testing::PrintToString(form);
    EXPECT_NE(refused.out.find("550 5.6.11"), std::string::npos);
    EXPECT_EQ(refused.journal, (std::vector<std::string>{"begin", "abort"}));
    Circumstances normalize;
    normalize.settings.bare_newlines = BareNewlines::kNormalize;
    const Dialogue taken = talk(wire, normalize);
    EXPECT_EQ(codes(taken.out), "250 250 250 354 250 250") << ::testing::PrintToString(form);
    EXPECT_EQ(taken.envelopes.size(), 1u);
    EXPECT_NE(taken.body.find("MAIL FROM:<evil@e.vil>"), std::string::npos) << "the commands are text of the message";
  }
}

TEST(Smuggling, BareNewlinesInCommandsAreNoLineEnds) {
  EXPECT_EQ(codes(talk("EHLO c\nMAIL FROM:<>\nQUIT\r\nNOOP\r\n").out), "500 250");
  EXPECT_EQ(codes(talk("EHLO c\rMAIL FROM:<>\r\nNOOP\r\n").out), "500 250");
  EXPECT_EQ(talk("NOOP\n\r\n").out, "500 5.5.2 Bare LF: command lines end with CRLF\r\n");
}

}  // namespace
}  // namespace sluice::smtp
