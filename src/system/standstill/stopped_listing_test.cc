#include "system/standstill/stopped_listing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "core/queue/envelope_codec.h"
#include "core/queue/state_record.h"
#include "system/store/file_store.h"
#include "system/store/memory_disk.h"

namespace sluice::standstill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ListingOfAStoppedQueue : public testing::Test {
 protected:
  ListingOfAStoppedQueue() {
    options_.disk = &disk_;
    options_.segment_size = 1u << 20;
    orders_.directory = "q", orders_.name = "queue7";
    orders_.order = select::SortOrder::kNone;
    orders_.selector.view = select::View::kAny;
  }

  // Into the journal.
  queue::MessageId accept(const std::string& sender, const std::vector<std::string>& recipients) {
    mail::Envelope envelope;
    envelope.sender = sender;
    for (const std::string& address : recipients) envelope.recipients.push_back({address, 0, {}});
    std::string encoded;
    EXPECT_TRUE(queue::encode_envelope(encoded, envelope));
    auto writer = store::open_body_writer("q", 7, options_);
    const store::NewBody body{.envelope = encoded, .body = "hello"};
    const auto stored = (*writer)->append({&body, 1}, wall_from_millis(1'000'000));
    EXPECT_TRUE(stored.has_value());
    watermark_ = (*writer)->end();
    return stored->front().id;
  }

  // And into the state log.
  queue::MessageId admit(const std::string& sender, const std::vector<std::string>& recipients) {
    queue::Admitted admitted;
    admitted.id = accept(sender, recipients);
    admitted.next = watermark_;
    admitted.arrival = wall_from_millis(1'000'000);
    admitted.body.length = 5;
    admitted.envelope.sender = sender;
    for (const std::string& address : recipients)
      admitted.routed.push_back({queue::Channel::kRemote, {address, 0, {}}});
    record(admitted);
    return admitted.id;
  }
  template <class Record>
  void record(const Record& what) {
    std::string encoded;
    queue::encode_state(encoded, what);
    auto log = store::open_state_log("q", options_);
    ASSERT_TRUE((*log)->load([](Octets) {}, [](const std::string&) {}));
    (*log)->append(encoded);
    ASSERT_TRUE((*log)->sync());
  }

  std::vector<std::string> listed() {
    std::vector<std::string> answers;
    const auto take = [&](const std::string& json) { return answers.push_back(json), true; };
    const std::uint64_t operations = disk_.operations();
    const auto done = list_stopped(orders_, disk_, wall_from_millis(2'000'000), take);
    EXPECT_EQ(disk_.operations(), operations) << "something was written";
    trouble_ = done ? std::string() : done.error().what;
    return answers;
  }

  store::MemoryDisk disk_;
  store::Options options_;
  ListingOrders orders_;
  queue::Lsn watermark_;
  std::string trouble_;
};

TEST_F(ListingOfAStoppedQueue, ShowsWhatTheStateLogKnows) {
  const queue::MessageId first = admit("ann@example.com", {"a@x.test", "b@x.test"});
  const queue::MessageId second = admit("bob@example.com", {"c@x.test"});
  record(queue::Settled{.id = first, .recipient = 0, .text = {}});
  record(queue::Deferred{first, wall_from_millis(9'000'000), 3, "451 not yet", {1}});
  record(queue::Held{second, true, "looks odd"});
  const auto answers = listed();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0], R"({"selected":2})");
  EXPECT_THAT(answers[1], HasSubstr(R"("queue":"queue7","arrival":1000,"size":5,"sender":"ann@example.com")"));
  EXPECT_THAT(answers[1], HasSubstr(R"({"address":"a@x.test","channel":"remote","attempts":0,"state":"delivered"})"));
  EXPECT_THAT(answers[1], HasSubstr(R"("attempts":3,"state":"deferred","text":"451 not yet"})"));
  EXPECT_THAT(answers[2], HasSubstr(R"("held":"looks odd")"));
  EXPECT_EQ(trouble_, "");
}

TEST_F(ListingOfAStoppedQueue, ShowsWhatWasAcceptedLastAndIsNotRouted) {
  admit("ann@example.com", {"a@x.test"});
  const queue::MessageId fresh = accept("eve@example.com", {"b@x.test"});
  const auto answers = listed();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_THAT(answers[2], StartsWith(fmt::format(R"({{"id":{},)", fresh.raw())));
  EXPECT_THAT(answers[2], HasSubstr(R"([{"address":"b@x.test","attempts":0,"state":"new"}])"));
}

TEST_F(ListingOfAStoppedQueue, LeavesOutWhatIsFinished) {
  record(queue::Finished{admit("ann@example.com", {"a@x.test"})});
  EXPECT_THAT(listed(), ElementsAre(R"({"selected":0})"));
}

TEST_F(ListingOfAStoppedQueue, SelectsAndSorts) {
  admit("ann@example.com", {"a@x.test", "b@x.test"});
  admit("bob@example.com", {"c@x.test"});
  accept("eve@example.com", {"d@y.test"});
  orders_.order = select::SortOrder::kPriority;
  orders_.selector.tests = {{select::Field::kRecipient, "x.test"}};
  const auto answers = listed();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_THAT(answers[1], HasSubstr("bob@example.com"));
  EXPECT_THAT(answers[2], HasSubstr("ann@example.com"));
}

TEST_F(ListingOfAStoppedQueue, EndsWhereTheTailsAreTorn) {
  admit("ann@example.com", {"a@x.test"});
  accept("eve@example.com", {"b@x.test"});
  std::size_t torn = 0;
  for (const char* directory : {"q/journal", "q/state"}) {
    const auto names = disk_.list(directory);
    const std::string newest = directory + ('/' + names->back());
    if (!newest.ends_with(".seg") && !newest.ends_with(".log")) continue;
    ++torn;
    std::string& content = disk_.content(newest);
    content.resize(content.find_last_not_of('\0') + 1);
    content += "torn in the middle of a record";
  }
  ASSERT_EQ(torn, 2u);
  EXPECT_EQ(listed().size(), 3u);
  EXPECT_EQ(trouble_, "");
}

TEST_F(ListingOfAStoppedQueue, SaysWhatIsDamagedAndShowsTheRest) {
  admit("ann@example.com", {"a@x.test"});
  accept("bob@example.com", {"b@x.test"});
  accept("eve@example.com", {"c@x.test"});
  int damaged = 0;
  const auto names = disk_.list("q/journal");
  for (const std::string& name : *names) {
    std::string& segment = disk_.content("q/journal/" + name);
    if (const auto at = segment.find("bob@"); at != std::string::npos) segment[at] = 'B', ++damaged;
  }
  ASSERT_EQ(damaged, 1);
  const auto answers = listed();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_THAT(answers[2], HasSubstr("eve@example.com"));
  EXPECT_THAT(trouble_, HasSubstr("is damaged"));
  EXPECT_THAT(trouble_, Not(HasSubstr("quarantine")));
}

TEST_F(ListingOfAStoppedQueue, DoesNotCallEmptyWhatCannotBeRead) {
  admit("ann@example.com", {"a@x.test"});
  for (const char* directory : {"q/journal", "q/state"}) {
    const auto names = disk_.list(directory);
    for (const std::string& name : *names) {
      std::string& content = disk_.content(directory + ('/' + name));
      std::fill(content.begin(), content.end(), 'x');
    }
  }
  EXPECT_THAT(listed(), ElementsAre());
  EXPECT_THAT(trouble_, HasSubstr("damaged"));
}

TEST_F(ListingOfAStoppedQueue, StopsWhenNoMoreIsWanted) {
  admit("ann@example.com", {"a@x.test"});
  int taken = 0;
  EXPECT_TRUE(list_stopped(orders_, disk_, WallTime{}, [&](const std::string&) { return ++taken, false; }));
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace sluice::standstill
