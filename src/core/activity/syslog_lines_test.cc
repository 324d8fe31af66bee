#include "core/activity/syslog_lines.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::activity {

namespace {

struct Message {
  Priority priority;
  std::string text;
  friend bool operator==(const Message&, const Message&) = default;
};
std::ostream& operator<<(std::ostream& out, const Message& m) { return out << static_cast<int>(m.priority) << m.text; }

std::vector<Message> messages_of(std::string_view octets) {
  std::vector<Message> messages;
  SyslogLines lines([&](Priority priority, const std::string& text) { messages.push_back({priority, text}); });
  lines.take(octets, 1'710'000'000'000'042);
  lines.finish();
  return messages;
}

TEST(SyslogLines, ALineBearsItsTimeAndPriority) {
  EXPECT_EQ(messages_of("new msg 5\nalert: oh no\nwarning: a\nwarn: b\nnotice: c\nnotice msg 5\nwarned\n"),
            (std::vector<Message>{{Priority::kInformation, "1710000000.000042 new msg 5"},
                                  {Priority::kAlert, "1710000000.000042 alert: oh no"},
                                  {Priority::kWarning, "1710000000.000042 warning: a"},
                                  {Priority::kWarning, "1710000000.000042 warn: b"},
                                  {Priority::kNotice, "1710000000.000042 notice: c"},
                                  {Priority::kInformation, "1710000000.000042 notice msg 5"},
                                  {Priority::kInformation, "1710000000.000042 warned"}}));
}

TEST(SyslogLines, EmptyLinesAreDroppedAndTheLastNeedsNoLineFeed) {
  EXPECT_EQ(messages_of("\n\na\n\nb").size(), 2U);
  EXPECT_TRUE(messages_of("\n").empty());
}

TEST(SyslogLines, WhatIsNotPrintableBecomesAQuestionMark) {
  EXPECT_EQ(messages_of("a\tb\x7f\xc3\xa9%s\r\n").front().text, "1710000000.000042 a?b???%s?");
}

TEST(SyslogLines, ALongLineGoesOnUnderTheSameTimeAndPriority) {
  const std::string piece(SyslogLines::kLongestPiece - 6, 'x'), rest(SyslogLines::kLongestPiece, 'y');
  EXPECT_EQ(messages_of("alert:" + piece + rest + "z\nnext\n"),
            (std::vector<Message>{{Priority::kAlert, "1710000000.000042 alert:" + piece},
                                  {Priority::kAlert, "1710000000.000042+" + rest},
                                  {Priority::kAlert, "1710000000.000042+z"},
                                  {Priority::kInformation, "1710000000.000042 next"}}));
}

TEST(SyslogLines, ALineOfExactlyOnePieceIsOneMessage) {
  EXPECT_EQ(messages_of(std::string(SyslogLines::kLongestPiece, 'x') + "\n").size(), 1U);
}

TEST(SyslogLines, ALineThatComesInPiecesBearsTheTimeOfItsFirst) {
  std::vector<std::string> messages;
  SyslogLines lines([&](Priority, const std::string& text) { messages.push_back(text); });
  lines.take("a", 1'000'000);
  lines.take("b\nc\n", 2'500'000);
  EXPECT_EQ(messages, (std::vector<std::string>{"1.000000 ab", "2.500000 c"}));
}

}  // namespace

}  // namespace sluice::activity
