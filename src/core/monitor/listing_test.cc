#include "core/monitor/listing.h"

#include <gtest/gtest.h>

namespace sluice::monitor {
namespace {

constexpr Selection kAll{true, true, true};

ListedMessage message() {
  return {.number = 11207192,
          .arrival = 1795315310,
          .octets = 211,
          .sender = "a@x.test",
          .bouncing = false,
          .recipients = {{ListedChannel::kLocal, "joe@here.test", true}, {ListedChannel::kRemote, "b@y.test", false}}};
}

std::string listed(const ListedMessage& message, const Selection& selection = kAll) {
  std::string out;
  append_message(out, message, selection, 151);
  return out;
}

TEST(Listing, ShowsAMessageAsQmailQreadDoes) {
  EXPECT_EQ(listed(message()),
            "Sun, 22 Nov 2026 02:41:50 GMT  123/#11207192  211  <a@x.test> \n"
            "  done\tlocal\tjoe@here.test\n"
            "\tremote\tb@y.test\n");
}

TEST(Listing, SaysThatAMessageBounces) {
  ListedMessage bouncing = message();
  bouncing.bouncing = true;
  bouncing.sender.clear();
  EXPECT_NE(listed(bouncing).find("  <>  bouncing\n"), std::string::npos);
}

TEST(Listing, ShowsTheSelectedRecipientsOnly) {
  EXPECT_EQ(listed(message(), {.remote = true}).find("joe"), std::string::npos);
  EXPECT_EQ(listed(message(), {.todo = true}), "");
  ListedMessage lmtp = message();
  lmtp.recipients = {{ListedChannel::kLmtp, "c@z.test", false}};
  EXPECT_NE(listed(lmtp, {.remote = true}).find("\tlmtp\tc@z.test\n"), std::string::npos);
}

TEST(Listing, ForeignOctetsReachNoTerminal) {
  ListedMessage hostile = message();
  hostile.sender = "\x1b[2J\n@x.test";
  hostile.recipients[1].address = "a\tb\x9b@y.test";
  const std::string text = listed(hostile);
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_EQ(text.find('\x9b'), text.npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(Listing, TimesFromElsewhereAreNoTrouble) {
  ListedMessage odd = message();
  for (const std::int64_t arrival : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) {
    odd.arrival = arrival;
    EXPECT_NE(listed(odd).find(" GMT  "), std::string::npos);
  }
}

TEST(Listing, CountsRecipientsAndThoseThatAreDoneToo) {
  ListedCounts counts;
  ListedMessage bouncing = message();
  bouncing.bouncing = true;
  counts.add(bouncing, kAll);
  counts.add(message(), kAll);
  ListedMessage todo = message();
  todo.recipients = {{ListedChannel::kTodo, "x@y", false}, {ListedChannel::kTodo, "z@y", false}};
  counts.add(todo, kAll);
  EXPECT_EQ(counts_text(counts, kAll, ""),
            "Messages in local  queue: 2\n"
            "Messages in remote queue: 2\n"
            "Messages in bounce queue: 1\n"
            "Messages in todo   queue: 1\n");
  EXPECT_EQ(counts_text(counts, {.todo = true}, "Total "), "Total Messages in todo   queue: 1\n");
}

}  // namespace
}  // namespace sluice::monitor
