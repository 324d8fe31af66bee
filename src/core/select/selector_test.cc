#include "core/select/selector.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sluice::select {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow = wall_from_millis(1'700'000'000'000);
const std::vector<std::string_view> kRecipients{"biff@here.test", "Eve@Sub.HOST.edu"};

Facts facts() {
  return {.id = "1234567890", .sender = "ben@GROOTS.EDU", .recipients = kRecipients, .arrival = kNow - 1h};
}

bool matches(std::vector<Test> tests, const Facts& message = facts()) {
  return Matcher({.tests = std::move(tests)}).matches(message, kNow);
}

TEST(Selector, ATextMatchesAsASubstringWithoutRegardToCase) {
  EXPECT_TRUE(matches({{Field::kSender, "root"}}));
  EXPECT_TRUE(matches({{Field::kSender, "Groots.Edu"}}));
  EXPECT_TRUE(matches({{Field::kId, "456"}}));
  EXPECT_TRUE(matches({{Field::kRecipient, "EVE@sub"}}));
  EXPECT_FALSE(matches({{Field::kSender, "roots.eduu"}}));
}

TEST(Selector, WildcardsAndExpressionsAreOrdinaryCharacters) {
  EXPECT_FALSE(matches({{Field::kSender, "*"}}));
  EXPECT_FALSE(matches({{Field::kSender, ".*@.*edu"}}));
}

TEST(Selector, TestsAreAndedAlsoTwoAboutTheSameThing) {
  EXPECT_TRUE(matches({{Field::kSender, "ben"}, {Field::kRecipient, "biff@here"}}));
  EXPECT_FALSE(matches({{Field::kSender, "ben"}, {Field::kRecipient, "nobody"}}));
  EXPECT_TRUE(matches({{Field::kSender, "ben"}, {Field::kSender, "edu"}}));
  EXPECT_FALSE(matches({{Field::kSender, "ben"}, {Field::kSender, "root@"}}));
}

TEST(Selector, ANegatedRecipientMeansThatNoneMatches) {
  EXPECT_FALSE(matches({{Field::kRecipient, "biff", true}})) << "although another recipient lacks it";
  EXPECT_TRUE(matches({{Field::kRecipient, "nobody", true}}));
  EXPECT_FALSE(matches({{Field::kSender, "ben", true}}));
}

TEST(Selector, TheEmptyTextMatchesEverything) {
  for (const Field field :
       {Field::kId, Field::kRecipient, Field::kRecipientHost, Field::kRecipientBelow, Field::kSender, Field::kReason}) {
    EXPECT_TRUE(matches({{field, ""}})) << name_of(field);
    EXPECT_FALSE(matches({{field, "", true}})) << name_of(field);
    EXPECT_TRUE(matches({{field, ""}}, Facts{})) << name_of(field);
  }
}

TEST(Selector, AHostIsLookedForBehindTheLastAtSign) {
  EXPECT_TRUE(matches({{Field::kRecipientHost, "host.edu"}})) << "anywhere in the host part";
  EXPECT_FALSE(matches({{Field::kRecipientHost, "biff"}}));
  const std::vector<std::string_view> odd{"\"a@here.test\"@b.test", "local"};
  Facts message = facts();
  message.recipients = odd;
  EXPECT_FALSE(matches({{Field::kRecipientHost, "here.test"}}, message));
  EXPECT_FALSE(matches({{Field::kRecipientHost, "local"}}, message));
}

TEST(Selector, BelowADomainMeansItAndItsSubdomains) {
  EXPECT_TRUE(matches({{Field::kRecipientBelow, "host.edu"}}));
  EXPECT_TRUE(matches({{Field::kRecipientBelow, "here.TEST"}}));
  EXPECT_FALSE(matches({{Field::kRecipientBelow, "ost.edu"}}));
  EXPECT_FALSE(matches({{Field::kRecipientBelow, "here"}}));
}

TEST(Selector, TheNullSenderIsWrittenAsTwoBrackets) {
  Facts message = facts();
  message.sender = "";
  EXPECT_TRUE(matches({{Field::kSender, "<>"}}, message));
  EXPECT_FALSE(matches({{Field::kSender, "<>"}}));
}

TEST(Selector, ViewsDoNotOverlap) {
  Facts held = facts();
  held.held = true;
  held.reason = "Looks like Spam";
  const auto in = [](View view, const Facts& message) { return Matcher({.view = view}).matches(message, kNow); };
  EXPECT_TRUE(in(View::kNormal, facts()) && !in(View::kNormal, held));
  EXPECT_TRUE(!in(View::kHeld, facts()) && in(View::kHeld, held));
  EXPECT_TRUE(!in(View::kLost, facts()) && !in(View::kLost, held));
  EXPECT_TRUE(in(View::kAny, facts()) && in(View::kAny, held));
  const Facts lost{.id = "00000000000000ff", .lost = true};
  EXPECT_TRUE(in(View::kLost, lost) && !in(View::kNormal, lost) && !in(View::kHeld, lost) && !in(View::kAny, lost));
  EXPECT_TRUE(Matcher({.tests = {{Field::kId, "FF"}}, .view = View::kLost}).matches(lost, kNow));
  EXPECT_FALSE(Matcher({.tests = {{Field::kRecipient, "a"}}, .view = View::kLost}).matches(lost, kNow));
  EXPECT_TRUE(Matcher({.tests = {{Field::kReason, "spam"}}, .view = View::kHeld}).matches(held, kNow));
}

TEST(Selector, AgesAreCountedFromArrival) {
  EXPECT_TRUE(Matcher({.older_than = 1h}).matches(facts(), kNow));
  EXPECT_FALSE(Matcher({.older_than = 61min}).matches(facts(), kNow));
  EXPECT_FALSE(Matcher({.younger_than = 1h}).matches(facts(), kNow));
  EXPECT_TRUE(Matcher({.younger_than = 61min}).matches(facts(), kNow));
}

TEST(Selector, OneRecipientIsAskedAboutRecipientsOnly) {
  const Matcher matcher(
      {.tests = {{Field::kSender, "nobody"}, {Field::kRecipient, "a", true}, {Field::kRecipientHost, "x"}}});
  EXPECT_TRUE(matcher.needs_recipients());
  EXPECT_TRUE(matcher.matches_recipient("joe@x.test"));
  EXPECT_FALSE(matcher.matches_recipient("ann@x.test"));
  EXPECT_FALSE(matcher.matches_recipient("joe@y.test"));
  EXPECT_FALSE(Matcher({.tests = {{Field::kSender, "a"}}}).needs_recipients());
}

TEST(Selector, AMillionMessagesTakeWellUnderASecond) {
  const Matcher matcher({.tests = {{Field::kRecipient, "Needle"}, {Field::kSender, "root", true}}});
  const std::vector<std::string_view> recipients{"somebody.with.a.name@customer-4711.example.test"};
  Facts message = facts();
  message.sender = "newsletter@shop.example.test";
  message.recipients = recipients;
  const auto begin = std::chrono::steady_clock::now();
  int found = 0;
  for (int i = 0; i < 1'000'000; ++i) found += matcher.matches(message, kNow) ? 1 : 0;
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(found, 0);
  RecordProperty("milliseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace sluice::select
