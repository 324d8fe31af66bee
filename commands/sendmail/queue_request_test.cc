#include "queue_request.h"

#include <gmock/gmock.h>

namespace sluice::sendmail {
namespace {

using namespace std::chrono_literals;
using select::Field;
using testing::ElementsAre;

QueueRequest request_of(std::vector<std::string_view> values) {
  QueueRequest request;
  for (const std::string_view value : values)
    if (const auto taken = take_queue(value, request); !taken) ADD_FAILURE() << value << ": " << taken.error().text;
  return request;
}

std::string error_of(std::vector<std::string_view> values) {
  QueueRequest request;
  for (const std::string_view value : values)
    if (const auto taken = take_queue(value, request); !taken)
      return taken.error().word_for_word ? taken.error().text : "not word for word: " + taken.error().text;
  return "taken";
}

TEST(QueueRequest, TimesAddUpAndCountMinutesWithoutAUnit) {
  const std::vector<std::pair<std::string_view, std::chrono::seconds>> cases{
      {"15", 15min},       {"90", 90min}, {"1h30", 90min}, {"1h30m", 90min}, {"5d12h", 132h}, {"30s", 30s},
      {"1w", 7 * 24 * 1h}, {"0h1", 1min}, {"h", 0s},       {"0m", 0s},       {"1h1h", 2h},    {"-0", 0s},
  };
  for (const auto& [text, time] : cases) EXPECT_EQ(parse_interval(text).value(), time) << text;
  EXPECT_GT(parse_interval("99999999999999999999w").value(), 24h * 365);
}

TEST(QueueRequest, WrongTimesHaveTheWordsOfTheChapter) {
  EXPECT_EQ(error_of({"O"}), "Invalid time unit `O'");
  EXPECT_EQ(error_of({"pO"}), "Invalid time unit `O'");
  EXPECT_EQ(error_of({"1H"}), "Invalid time unit `H'");
  EXPECT_EQ(error_of({"15x"}), "Invalid time unit `x'");
  EXPECT_EQ(error_of({"-5"}), "Invalid -q value");
  EXPECT_EQ(error_of({"p-1"}), "Invalid -q value");
  EXPECT_EQ(error_of({"nOw"}), "Invalid -q value");
  EXPECT_EQ(error_of({"1.5h"}), "Invalid time unit `.'");
}

TEST(QueueRequest, EachWrongCharacterIsALine) {
  EXPECT_EQ(error_of({"!!Sroot"}),
            "Invalid time unit `!'\nInvalid time unit `S'\nInvalid time unit `r'\nInvalid time unit `o'\n"
            "Invalid time unit `o'\nInvalid time unit `t'");
}

TEST(QueueRequest, OnceIsWhatHasNoTime) {
  for (const std::string_view value : {"0", "0m", "-", "!", "", "f", "foo@bar"})
    EXPECT_TRUE(request_of({value}).is_once()) << value;
  EXPECT_TRUE(request_of({"f"}).foreground);
  EXPECT_FALSE(request_of({"1h"}).is_once());
  EXPECT_FALSE(request_of({"p"}).is_once());
}

TEST(QueueRequest, PersistentWithZeroIsPersistentWithoutATime) {
  EXPECT_EQ(request_of({"p0"}), request_of({"p"}));
  EXPECT_EQ(request_of({"p3s"}).interval, 3s);
  EXPECT_TRUE(request_of({"p3s"}).persistent);
}

TEST(QueueRequest, OptionsAccumulateAndTheLastTimeCounts) {
  EXPECT_TRUE(request_of({"30m", "0"}).is_once());
  const QueueRequest both = request_of({"2s", "Rx"});
  EXPECT_EQ(both.interval, 2s);
  EXPECT_EQ(both.selector.tests.size(), 1u);
  EXPECT_EQ(request_of({"30m", "f"}).interval, 30min);
}

TEST(QueueRequest, SelectionsAreKeptAllOfThem) {
  const QueueRequest request = request_of({"I123", "!Sroot", "R@host.edu", "S!x", "Stwo"});
  EXPECT_THAT(request.selector.tests,
              ElementsAre(select::Test{Field::kId, "123"}, select::Test{Field::kSender, "root", true},
                          select::Test{Field::kRecipient, "@host.edu"}, select::Test{Field::kSender, "!x"},
                          select::Test{Field::kSender, "two"}));
  EXPECT_EQ(request.selector.view, select::View::kNormal);
}

TEST(QueueRequest, HeldAndLostMessagesAreOtherViews) {
  EXPECT_EQ(request_of({"Q"}).selector, (select::Selector{.view = select::View::kHeld}));
  EXPECT_THAT(request_of({"!Qspam"}).selector.tests, ElementsAre(select::Test{Field::kReason, "spam", true}));
  EXPECT_EQ(request_of({"Lost"}).selector.view, select::View::kLost);
}

TEST(QueueRequest, AGroupIsNamedOnceAndNotNegated) {
  EXPECT_EQ(request_of({"Gslow", "R@a"}).group, "slow");
  EXPECT_EQ(error_of({"!Gmqueue"}), "Cannot use -q!G");
  EXPECT_EQ(error_of({"Ga", "Gb"}), "Cannot use multiple -qG options");
  EXPECT_EQ(error_of({"G"}), "Queue group  unknown");
}

TEST(QueueRequest, TakesNoMoreThanTheQueuesDo) {
  QueueRequest request;
  EXPECT_TRUE(take_queue("R" + std::string(1000, 'a'), request));
  EXPECT_EQ(take_queue("R" + std::string(1001, 'a'), request).error().text,
            "-q: a text of 1001 octets; at most 1000 are allowed");
  for (int i = 1; i < 100; ++i) EXPECT_TRUE(take_queue("Sa", request));
  EXPECT_EQ(take_queue("Sa", request).error().text, "-q: more than 100 texts");
}

}  // namespace
}  // namespace sluice::sendmail
