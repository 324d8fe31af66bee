#include "core/select/selection.h"

#include <gmock/gmock.h>

namespace sluice::select {
namespace {

using testing::ElementsAre;

class SelectionOfAnImage : public testing::Test {
 protected:
  // A message for one recipient; its id is its number.
  void put(std::uint64_t id, const std::string& recipient, std::uint64_t octets = 100, std::int64_t arrival = 0) {
    queue::Admitted admitted;
    admitted.id = queue::MessageId{id};
    admitted.arrival = wall_from_millis(arrival);
    admitted.body.length = octets;
    admitted.envelope.sender = "sender@example.com";
    admitted.routed.push_back({queue::Channel::kRemote, {recipient, 0, {}}});
    std::string record;
    queue::encode_state(record, admitted);
    ASSERT_TRUE(image_.apply(Octets(record)));
  }

  std::vector<std::uint64_t> selected(SortOrder order, std::uint64_t most = 0, Selector selector = {}) {
    Selection selection(std::move(selector), order, most, {});
    return all(selection);
  }
  std::vector<std::uint64_t> all(Selection& selection) {
    const auto every = [](const queue::Image::MessageView&) { return true; };
    while (selection.look(image_, WallTime{}, every)) {
    }
    std::vector<std::uint64_t> ids;
    while (const auto id = selection.next()) ids.push_back(id->raw());
    return ids;
  }
  queue::Image image_;
};

TEST_F(SelectionOfAnImage, HasTheOrderThatIsAskedFor) {
  put(1, "a@z.example", 300, 30);
  put(2, "b@a.example", 200, 10);
  put(3, "c@z.example", 100, 20);
  EXPECT_THAT(selected(SortOrder::kNone), ElementsAre(1, 2, 3));
  EXPECT_THAT(selected(SortOrder::kFilename), ElementsAre(1, 2, 3));
  EXPECT_THAT(selected(SortOrder::kPriority), ElementsAre(3, 2, 1));
  EXPECT_THAT(selected(SortOrder::kTime), ElementsAre(2, 3, 1));
  EXPECT_THAT(selected(SortOrder::kHost), ElementsAre(2, 3, 1));
  EXPECT_THAT(selected(SortOrder::kRandom), testing::UnorderedElementsAre(1, 2, 3));
  EXPECT_THAT(selected(SortOrder::kShuffle), testing::UnorderedElementsAre(1, 2, 3));
}

TEST_F(SelectionOfAnImage, IsCutAfterSorting) {
  put(1, "a@x.example", 300);
  put(2, "b@x.example", 200);
  put(3, "c@x.example", 100);
  EXPECT_THAT(selected(SortOrder::kPriority, 2), ElementsAre(3, 2));
}

TEST_F(SelectionOfAnImage, MergesItsSlicesInOrder) {
  constexpr std::uint64_t kMany = 20'000;
  for (std::uint64_t id = 1; id <= kMany; ++id) put(id, "a@x.example", (id * 7919) % kMany);
  const auto ids = selected(SortOrder::kPriority);
  ASSERT_EQ(ids.size(), kMany);
  for (std::size_t i = 1; i < ids.size(); ++i) ASSERT_LT((ids[i - 1] * 7919) % kMany, (ids[i] * 7919) % kMany);
}

TEST_F(SelectionOfAnImage, HoldsWhatTheSelectorNamesOnly) {
  put(1, "ann@x.example");
  put(2, "bob@y.example");
  put(3, "ann@y.example");
  Selector selector;
  selector.tests = {{Field::kRecipient, "ANN", false}, {Field::kRecipientHost, "y.ex", false}};
  EXPECT_THAT(selected(SortOrder::kNone, 0, selector), ElementsAre(3));
}

TEST_F(SelectionOfAnImage, RemembersWhatIsUnderWay) {
  for (std::uint64_t id = 1; id <= 9000; ++id) put(id, "a@x.example");
  Selection selection({}, SortOrder::kPriority, 0, {});
  all(selection);
  for (const std::uint64_t id : {8999u, 5u, 4097u})
    selection.set_mark(queue::MessageId{id}, Selection::Mark::kUnderWay);
  selection.set_mark(queue::MessageId{9001}, Selection::Mark::kUnderWay);  // not one of these
  EXPECT_EQ(selection.mark_of(queue::MessageId{4097}), Selection::Mark::kUnderWay);
  EXPECT_EQ(selection.mark_of(queue::MessageId{4098}), Selection::Mark::kNone);
  EXPECT_EQ(selection.mark_of(queue::MessageId{9001}), Selection::Mark::kNone);
  EXPECT_THAT(selection.under_way({}, 2), ElementsAre(queue::MessageId{5}, queue::MessageId{4097}));
  EXPECT_THAT(selection.under_way(queue::MessageId{4097}, 2), ElementsAre(queue::MessageId{8999}));
  for (const std::uint64_t id : {5u, 5u, 8999u}) selection.set_mark(queue::MessageId{id}, Selection::Mark::kNone);
  EXPECT_THAT(selection.under_way({}, 9000), ElementsAre(queue::MessageId{4097}));
}

}  // namespace
}  // namespace sluice::select
