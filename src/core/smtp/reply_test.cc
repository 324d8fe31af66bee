#include "core/smtp/reply.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/smtp/client_outcome.h"
#include "core/smtp/reply_parser.h"

namespace sluice::smtp {
namespace {

std::string parse_pieces(std::vector<Octets> pieces) {
  ReplyParser parser;
  std::string seen;
  for (Octets piece : pieces) {
    while (!piece.empty()) {
      const auto reply = parser.read(piece);
      if (!reply) break;
      if (!*reply) return seen + "!" + std::string(to_string(reply->error()));
      seen += std::to_string((*reply)->code) + "(" + std::string((*reply)->text) + ")";
    }
  }
  return seen;
}

std::string parse(Octets input) {
  const std::string whole = parse_pieces({input});
  std::vector<Octets> single;
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  EXPECT_EQ(parse_pieces(single), whole);
  return whole;
}

TEST(Reply, OfOneOrManyLinesIsRead) {
  EXPECT_EQ(parse("250 ok\r\n354\r\n"), "250(ok)354()");
  EXPECT_EQ(parse("250-a\r\n250-\r\n250 c\r\n220 x\r\n"), "250(a\n\nc)220(x)");
  EXPECT_EQ(parse("250-a\n250 b\n"), "250(a\nb)");
}

TEST(Reply, ThatIsNoneIsATypedError) {
  EXPECT_EQ(parse("hello\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("25\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("199 x\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("600 x\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("250x\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("\r\n"), "!not an SMTP reply");
  EXPECT_EQ(parse("250-a\r\n251 b\r\n"), "!codes of one SMTP reply differ");
}

TEST(Reply, ThatNeverEndsIsBounded) {
  EXPECT_EQ(parse_pieces({std::string(5000, '2')}), "!SMTP reply line too long");
  std::string lines;
  for (int i = 0; i < 600; ++i) lines += "250-x\r\n";
  EXPECT_EQ(parse_pieces({lines}), "!SMTP reply too long");
  lines.clear();
  for (int i = 0; i < 60; ++i) lines += "250-" + std::string(2000, 'x') + "\r\n";
  EXPECT_EQ(parse_pieces({lines}), "!SMTP reply too long");
}

TEST(Reply, IsSentAsOneShortPrintableLine) {
  std::string out;
  append_reply(out, {550, {5, 7, 1}, "no\r\n250 smuggled \xff"});
  EXPECT_EQ(out, "550 5.7.1 no  250 smuggled ?\r\n");
  out.clear();
  append_reply(out, {250, {}, std::string(2000, 'x')});
  EXPECT_LE(out.size(), 512u);
}

TEST(PrintableLine, KeepsUtf8AndCutsBetweenCharacters) {
  EXPECT_EQ(printable_line("na\xc3\xafve", 100), "na\xc3\xafve");
  EXPECT_EQ(printable_line("na\xc3\xafve", 3), "na");
  EXPECT_EQ(printable_line("\xff\xc3\xaf", 100), "???");
}

TEST(EnhancedCode, IsTakenOnlyIfItFitsTheReply) {
  Octets text = "5.1.1 unknown";
  EXPECT_EQ(take_enhanced_code(text, 550), (mail::EnhancedCode{5, 1, 1}));
  EXPECT_EQ(text, "unknown");
  for (Octets bad : {"4.1.1 x", "5.1 x", "5.1.1x", "5.1.1111 x", "x", ""}) {
    EXPECT_EQ(take_enhanced_code(bad, 550), mail::EnhancedCode{}) << bad;
  }
}

TEST(Outcome, OfAReplyJoinsItsLinesAndDropsRepeatedCodes) {
  const mail::Outcome outcome = outcome_of({550, "5.1.1 no such\n5.1.1 user\there"}, Step::kRcpt);
  EXPECT_EQ(outcome,
            (mail::Outcome{mail::Verdict::kFailed, mail::Trouble::kNone, 550, {5, 1, 1}, "no such user here"}));
}

TEST(Outcome, DependsOnTheStep) {
  struct Case {
    std::uint16_t code;
    Step step;
    mail::Verdict verdict;
    mail::Trouble trouble;
  };
  using enum mail::Verdict;
  using mail::Trouble;
  for (const Case& c : std::initializer_list<Case>{{250, Step::kFinal, kDelivered, Trouble::kNone},
                                                   {550, Step::kRcpt, kFailed, Trouble::kNone},
                                                   {450, Step::kRcpt, kDeferred, Trouble::kNone},
                                                   {552, Step::kRcpt, kDeferred, Trouble::kNone},
                                                   {552, Step::kFinal, kFailed, Trouble::kNone},
                                                   {452, Step::kMail, kDeferred, Trouble::kBusy},
                                                   {421, Step::kRcpt, kDeferred, Trouble::kBusy},
                                                   {421, Step::kGreeting, kDeferred, Trouble::kUnreachable},
                                                   {450, Step::kGreeting, kDeferred, Trouble::kBusy},
                                                   {554, Step::kGreeting, kDeferred, Trouble::kUnreachable},
                                                   {354, Step::kMail, kDeferred, Trouble::kNone}}) {
    const mail::Outcome outcome = outcome_of({c.code, "x"}, c.step);
    EXPECT_EQ(outcome.verdict, c.verdict) << c.code << " to " << name_of(c.step);
    EXPECT_EQ(outcome.trouble, c.trouble) << c.code << " to " << name_of(c.step);
    EXPECT_NE(outcome.code.status_class, 0);
    if (c.verdict == kDeferred) {
      EXPECT_EQ(outcome.code.status_class, 4);
    }
  }
}

}  // namespace
}  // namespace sluice::smtp
