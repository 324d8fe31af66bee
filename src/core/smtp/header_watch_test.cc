#include "core/smtp/header_watch.h"

#include <gtest/gtest.h>

namespace sluice::smtp {
namespace {

HeaderWatch watched(Octets message) {
  HeaderWatch whole;
  whole.feed(message);
  HeaderWatch single;
  for (std::size_t i = 0; i < message.size(); ++i) single.feed(message.substr(i, 1));
  EXPECT_EQ(single.hops(), whole.hops());
  EXPECT_EQ(single.importance(), whole.importance());
  EXPECT_EQ(single.header_ended(), whole.header_ended());
  return whole;
}

TEST(Hops, AreTheReceivedFieldsOfTheHeaderOnly) {
  const auto hops = [](Octets message) { return watched(message).hops(); };
  EXPECT_EQ(hops("Received: a\r\nreceived:b\r\n\tReceived: folded\r\nX-Received: c\r\n\r\nReceived: body\r\n"), 2u);
  EXPECT_EQ(hops("\r\nReceived: body\r\n"), 0u);
  EXPECT_EQ(hops("Receive\r\nReceived: a"), 1u);
  EXPECT_EQ(hops("R\r\nRReceived: a\r\n"), 0u);
  EXPECT_EQ(hops(""), 0u);
}

TEST(TheEndOfTheHeader, IsItsEmptyLine) {
  EXPECT_FALSE(watched("Subject: a\r\n").header_ended());
  EXPECT_TRUE(watched("Subject: a\r\n\r\n").header_ended());
  EXPECT_TRUE(watched("\r\n").header_ended());
}

struct Case {
  Octets message;
  mail::Importance importance;
};

TEST(TheImportanceOfAMessage, IsWhatItsHeaderSays) {
  using mail::Urgency;
  const Case cases[] = {
      {"Subject: x\r\n\r\n", {0, Urgency::kNormal}},
      {"Precedence: bulk\r\n\r\n", {-60, Urgency::kNonUrgent}},
      {"PRECEDENCE:List \r\n\r\n", {-30, Urgency::kNonUrgent}},
      {"Precedence:\t special-delivery\t\r\n\r\n", {100, Urgency::kUrgent}},
      {"Priority: non-urgent\r\n\r\n", {0, Urgency::kNonUrgent}},
      {"Priority: urgent\r\nPrecedence: junk\r\n", {-100, Urgency::kUrgent}},
      {"Precedence: bulk\r\nPrecedence: special-delivery\r\n\r\n", {-60, Urgency::kNonUrgent}},
      {"Precedence: bulk and a lot of other words that mean nothing\r\n\r\n", {0, Urgency::kNormal}},
      {"Pre\r\nPrioritY: urgent\r\n\r\n", {0, Urgency::kUrgent}},
      {"X-Priority: urgent\r\n Priority: urgent\r\nPriorit: urgent\r\n\r\n", {0, Urgency::kNormal}},
      {"\r\nPrecedence: bulk\r\n", {0, Urgency::kNormal}},
      {"Precedence:", {0, Urgency::kNormal}},
  };
  for (const Case& each : cases) EXPECT_EQ(watched(each.message).importance(), each.importance) << each.message;
}

}  // namespace
}  // namespace sluice::smtp
