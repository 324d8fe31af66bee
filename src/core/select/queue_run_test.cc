#include "core/select/queue_run.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace sluice::select {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

TEST(QueueRun, IsReadBackAsItWasWritten) {
  mail::ClientTimeouts slow_mail;
  slow_mail[mail::ClientWait::kMail] = 2h;
  const QueueRun run{.id = "1234.7",
                     .trigger = Trigger::kEtrn,
                     .by = "sluice-smtpd, 192.0.2.1",
                     .selector = {.tests = {{Field::kRecipientBelow, "x.test"}, {Field::kSender, "<>", true}},
                                  .view = View::kHeld,
                                  .older_than = 1h,
                                  .younger_than = 24h},
                     .order = SortOrder::kShuffle,
                     .most = 5000000000,
                     .width = 3,
                     .one_by_one = true,
                     .watch = true,
                     .wait = true,
                     .matching_only = true,
                     .bounce = true,
                     .before = 3,
                     .of_all = 9,
                     .count_only = true,
                     .min_age = 0s,
                     .max_age = 30min,
                     .timeouts = slow_mail};
  const auto read = queue_run_of(json::parse(to_json(run).dump()));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, run);
  EXPECT_EQ(queue_run_of(to_json(QueueRun{})).value(), QueueRun{});
}

TEST(QueueRun, LeavesOutWhatIsAsUsual) {
  EXPECT_EQ(queue_run_of(json::object()).value(), QueueRun{});
  EXPECT_EQ(selector_of(json::object()).value(), Selector{});
  EXPECT_TRUE(queue_run_of(json{{"what", "run"}, {"of_the_future", 1}}));
}

TEST(QueueRun, ThatIsHostileIsAnsweredWithASentence) {
  const auto error = [](const char* text) {
    const auto read = queue_run_of(json::parse(text));
    return read ? std::string("taken") : read.error();
  };
  EXPECT_EQ(error("[]"), "run is not an object");
  EXPECT_EQ(error("null"), "run is not an object");
  EXPECT_EQ(error(R"({"run":7})"), "run.run: a text is expected");
  EXPECT_EQ(error(R"({"most":-1})"), "run.most: a whole number of at most 18446744073709551615 is expected");
  EXPECT_EQ(error(R"({"most":1.5})"), "run.most: a whole number of at most 18446744073709551615 is expected");
  EXPECT_EQ(error(R"({"width":4294967296})"), "run.width: a whole number of at most 4294967295 is expected");
  EXPECT_EQ(error(R"({"watch":1})"), "run.watch: true or false is expected");
  EXPECT_EQ(error(R"({"trigger":"moon"})"), "run.trigger: one of timer, command, etrn, persistent is expected");
  EXPECT_EQ(error(R"({"min_age":3153600001})"), "run.min_age: a whole number of at most 3153600000 is expected");
  EXPECT_EQ(error(R"({"timeouts":2})"), "run.timeouts is not an object");
  EXPECT_EQ(error(R"({"timeouts":{"mail":604801}})"),
            "run.timeouts.mail: a whole number of at most 604800 is expected");
  EXPECT_EQ(error(R"({"selector":7})"), "selector is not an object");
  EXPECT_EQ(error(R"({"selector":{"tests":{}}})"), "selector.tests: a list of at most 100 tests is expected");
  EXPECT_EQ(error(R"({"selector":{"tests":[{}]}})"), "test.field is missing");
  EXPECT_EQ(error(R"({"selector":{"tests":["x"]}})"), "test is not an object");
  EXPECT_THAT(error(R"({"selector":{"tests":[{"field":"subject"}]}})"), HasSubstr("test.field: one of id, recipient,"));
}

TEST(QueueRun, HasTextsOfBoundedLength) {
  const json test{{"field", "id"}, {"text", std::string(kMaximumText + 1, 'x')}};
  EXPECT_EQ(selector_of(json{{"tests", json::array({test})}}).error(),
            "test.text: a text of at most 1000 octets is expected");
  const json few{{"field", "id"}};
  EXPECT_TRUE(selector_of(json{{"tests", json(std::vector<json>(kMaximumTests, few))}}));
  EXPECT_FALSE(selector_of(json{{"tests", json(std::vector<json>(kMaximumTests + 1, few))}}));
  EXPECT_FALSE(queue_run_of(json{{"run", std::string(kMaximumRunId + 1, '1')}}));
}

TEST(SortOrder, IsKnownByItsFirstLetterInEitherCase) {
  EXPECT_EQ(parse_sort_order("Priority"), SortOrder::kPriority);
  EXPECT_EQ(parse_sort_order("h"), SortOrder::kHost);
  EXPECT_EQ(parse_sort_order("Time"), SortOrder::kTime);
  EXPECT_EQ(parse_sort_order("filename"), SortOrder::kFilename);
  EXPECT_EQ(parse_sort_order("mod"), SortOrder::kModification);
  EXPECT_EQ(parse_sort_order("Rx"), SortOrder::kRandom);
  EXPECT_EQ(parse_sort_order("none"), SortOrder::kNone);
  EXPECT_EQ(parse_sort_order("SHUFFLE"), SortOrder::kShuffle);
  EXPECT_EQ(parse_sort_order("x"), std::nullopt);
  EXPECT_EQ(parse_sort_order(""), std::nullopt);
}

}  // namespace
}  // namespace sluice::select
