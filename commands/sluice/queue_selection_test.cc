#include "queue_selection.h"

#include <gtest/gtest.h>

namespace sluice::commands {
namespace {

using select::Field;
using select::View;

Result<Selection, std::string> selection_of(std::vector<std::string> arguments, View view = View::kAny) {
  CLI::App app;
  const SelectionOptions options(app, view);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  app.parse(arguments);
  return options.selection();
}

observe::Queue queue(unsigned number, const std::string& group) {
  observe::Queue made;
  made.number = number;
  made.name = "queue" + std::to_string(number);
  made.group = group;
  return made;
}

std::vector<unsigned> numbers_of(const std::vector<std::string>& arguments) {
  const std::vector<std::string> groups{"mqueue", "Slow", "bulk"};
  const auto chosen = queues_of(*selection_of(arguments), groups,
                                {queue(1, "mqueue"), queue(2, "mqueue"), queue(101, "Slow"), queue(201, "bulk")});
  std::vector<unsigned> numbers;
  for (const auto& each : *chosen) numbers.push_back(each.number);
  return numbers;
}

TEST(QueueSelection, NothingGivenNamesNothingAndSelectsAll) {
  const auto selection = selection_of({});
  ASSERT_TRUE(selection);
  EXPECT_FALSE(selection->names_anything());
  EXPECT_TRUE(selection->selector.selects_all());
  EXPECT_EQ(selection->selector.view, View::kAny);
}

TEST(QueueSelection, EveryTextIsATestAndIsNegatedByNot) {
  const auto selection = selection_of({"--id", "12", "--not-recipient", "a@x", "--recipient", "@x", "--recipient", "b",
                                       "--sender", "<>", "--not-reason=spam"});
  ASSERT_TRUE(selection);
  const std::vector<select::Test> tests{{Field::kId, "12", false},       {Field::kRecipient, "@x", false},
                                        {Field::kRecipient, "b", false}, {Field::kRecipient, "a@x", true},
                                        {Field::kSender, "<>", false},   {Field::kReason, "spam", true}};
  EXPECT_EQ(selection->selector.tests, tests);
  EXPECT_TRUE(selection->names_anything());
}

TEST(QueueSelection, OfSeveralAgesTheStrictestCounts) {
  const auto selection = selection_of({"--older-than", "1h", "--older-than=2h", "--not-younger-than", "30m",
                                       "--younger-than", "5d12h", "--not-older-than", "3d"});
  ASSERT_TRUE(selection);
  EXPECT_EQ(selection->selector.older_than, Duration(std::chrono::hours(2)));
  EXPECT_EQ(selection->selector.younger_than, Duration(std::chrono::hours(72)));
}

TEST(QueueSelection, AnAgeNeedsItsUnit) {
  EXPECT_EQ(selection_of({"--older-than", "5"}).error(),
            "\"5\" is no age without its unit: w, d, h, m or s, as in 5d12h");
  EXPECT_EQ(selection_of({"--older-than", "1h30"}).error(),
            "\"1h30\" is no age without its unit: w, d, h, m or s, as in 5d12h");
  EXPECT_TRUE(selection_of({"--younger-than", "5x"}).error().starts_with("\"5x\" is no age: "));
}

TEST(QueueSelection, AnEmptyTextIsRefused) {
  EXPECT_EQ(selection_of({"--sender", ""}).error(), "the empty text for sender would match everything");
  EXPECT_EQ(selection_of({"--not-id", ""}).error(), "the empty text for id would match everything");
}

TEST(QueueSelection, TextsAreBounded) {
  EXPECT_TRUE(selection_of({"--sender", std::string(1000, 'a')}));
  EXPECT_EQ(selection_of({"--sender", std::string(1001, 'a')}).error(),
            "the text for sender has 1001 octets; at most 1000 are allowed");
  std::vector<std::string> many;
  for (int i = 0; i < 101; ++i) many.insert(many.end(), {"--sender", "a"});
  EXPECT_EQ(selection_of(many).error(), "at most 100 texts may be given");
}

TEST(QueueSelection, HeldNarrowsWhatACommandIsAboutAlready) {
  EXPECT_TRUE(selection_of({"--held"})->names_anything());
  EXPECT_EQ(selection_of({"--held"})->selector.view, View::kHeld);
  EXPECT_EQ(selection_of({"--not-held"})->selector.view, View::kNormal);
  EXPECT_FALSE(selection_of({"--held"}, View::kHeld)->names_anything());
  EXPECT_THROW(selection_of({"--held", "--not-held"}), CLI::ExcludesError);
}

TEST(QueueSelection, GroupsChooseQueues) {
  EXPECT_EQ(numbers_of({}), (std::vector<unsigned>{1, 2, 101, 201}));
  EXPECT_EQ(numbers_of({"--group", "slow"}), std::vector<unsigned>{101});
  EXPECT_EQ(numbers_of({"--group", "default"}), (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(numbers_of({"--not-group", "MQUEUE", "--not-group", "bulk"}), std::vector<unsigned>{101});
  EXPECT_EQ(numbers_of({"--group", "bulk", "--not-group", "bulk"}), std::vector<unsigned>{});
}

TEST(QueueSelection, UnknownAndContradictingGroupsAreErrors) {
  const std::vector<std::string> groups{"mqueue", "slow"};
  EXPECT_EQ(queues_of(*selection_of({"--group", "nosuch"}), groups, {}).error(), "Queue group nosuch unknown");
  EXPECT_EQ(queues_of(*selection_of({"--not-group", "nosuch"}), groups, {}).error(), "Queue group nosuch unknown");
  EXPECT_EQ(queues_of(*selection_of({"--group", "slow", "--group", "mqueue"}), groups, {}).error(),
            "no message is in the groups slow and mqueue");
}

}  // namespace
}  // namespace sluice::commands
