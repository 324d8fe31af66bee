#include "core/mail/header.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

constexpr Octets kMessage =
    "Received: from a\r\n\tby b\r\n"
    "RECEIVED : from c\r\n"
    "broken line\r\n"
    " its fold: x\r\n"
    "Subject:\r\n hello\r\n  world \r\n"
    "Delivered-To: ann@example.org\r\n"
    "\r\n"
    "Received: this is body\r\n";

TEST(Header, EndsWithTheFirstEmptyLineInEitherLineForm) {
  EXPECT_EQ(kMessage.substr(header_length(kMessage)), "Received: this is body\r\n");
  EXPECT_EQ(header_length("A: b\n\nbody"), 6u);
  EXPECT_EQ(header_length("A: b\n"), 5u);
  EXPECT_EQ(header_length("\r\nbody"), 2u);
  EXPECT_EQ(header_length(""), 0u);
}

TEST(Header, FieldsAreFoundWithoutRegardToCaseAndWithTheirFolds) {
  EXPECT_EQ(find_field(kMessage, "subject"), "hello\r\n  world");
  EXPECT_EQ(find_field(kMessage, "x-none"), std::nullopt);
}

TEST(Header, BodyAndMalformedLinesAreNotFields) {
  EXPECT_EQ(count_fields(kMessage, "Received"), 2u);
  EXPECT_EQ(count_fields(kMessage, "its fold"), 0u);
  EXPECT_EQ(count_fields("From ann Thu Jan 1 00:00:00 1970\nA: b\n", "A"), 1u);
}

TEST(Header, HopsAreReceivedAndDeliveredTo) { EXPECT_EQ(count_hops(kMessage), 3u); }

TEST(Header, AFieldBeginsWithANameAndAColon) {
  EXPECT_TRUE(begins_field("Subject: hello"));
  EXPECT_TRUE(begins_field("Subject :\n"));
  for (const Octets line : {Octets("hello"), Octets(" folded: x"), Octets("two words: x"), Octets(":"), Octets("")})
    EXPECT_FALSE(begins_field(line)) << line;
}

TEST(Header, WholeFieldCoversItsFoldsAndLineEnd) {
  HeaderReader reader(kMessage);
  EXPECT_EQ(reader.next()->whole, "Received: from a\r\n\tby b\r\n");
}

TEST(Header, AnyCutOfTheMessageIsReadSafely) {
  for (std::size_t length = 0; length <= kMessage.size(); ++length) {
    const std::string cut(kMessage.substr(0, length));  // its own buffer, so that a sanitizer sees reads past the end
    EXPECT_LE(header_length(cut), cut.size());
    EXPECT_LE(count_hops(cut), 3u);
  }
}

TEST(MessageId, IsTakenOnlyIfItIsOneSafeWord) {
  EXPECT_EQ(find_message_id("  <a.b@example.org> (comment)"), "<a.b@example.org>");
  EXPECT_EQ(find_message_id("<a\r\n b@x>"), std::nullopt);
  EXPECT_EQ(find_message_id("<a\xc3\xa9@x>"), std::nullopt);
  EXPECT_EQ(find_message_id("<" + std::string(2000, 'a') + ">"), std::nullopt);
  EXPECT_EQ(find_message_id("<>"), std::nullopt);
  EXPECT_EQ(find_message_id("none"), std::nullopt);
}

}  // namespace
}  // namespace sluice::mail
