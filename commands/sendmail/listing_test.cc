#include "listing.h"

#include <gtest/gtest.h>

namespace sluice::sendmail {
namespace {

using std::chrono::minutes;

ListedMessage message() {
  return {.id = "29466321485825024",
          .state = ListedMessage::State::kNotDue,
          .size = 152,
          .arrival = 1795314720,  // Sun Nov 22 02:32:00 2026 UTC
          .sender = "you@example.org",
          .attempts = 1,
          .recipients = {{"joe@x.test", "4.4.1 Connection refused"}, {"bob@x.test", ""}}};
}

std::string text_of(const ListedMessage& listed, bool verbose = false, minutes offset = minutes(0)) {
  std::string out;
  append_message(out, listed, verbose, offset);
  return out;
}

TEST(Listing, HasTheColumnsOfSendmail) {
  EXPECT_EQ(text_of(message()),
            "29466321485825024-     152 Sun Nov 22 02:32 you@example.org\n"
            "                 (4.4.1 Connection refused)\n"
            "\t\t\t\t\t joe@x.test\n"
            "\t\t\t\t\t bob@x.test\n");
}

TEST(Listing, VerboseShowsThePriorityAndEachStatus) {
  EXPECT_EQ(text_of(message(), true, minutes(60)),
            "29466321485825024-     152     150152  Nov 22 03:32 you@example.org\n"
            "\t\t\t\t\t\tjoe@x.test\n"
            "\t\t (4.4.1 Connection refused)\n"
            "\t\t\t\t\t\tbob@x.test\n");
}

TEST(Listing, LongAndStrangeTextIsCutAndEscaped) {
  ListedMessage listed = message();
  listed.sender.clear();
  listed.recipients = {{std::string(50, 'a'), ""}, {"\x1b[1m@x", ""}};
  EXPECT_EQ(text_of(listed), "29466321485825024-     152 Sun Nov 22 02:32 <>\n\t\t\t\t\t " + std::string(38, 'a') +
                                 "\n\t\t\t\t\t \\033[1m@x\n");
}

TEST(Listing, CountsWhatADirectoryHolds) {
  EXPECT_EQ(heading("/q/queue1", 0), "/q/queue1 is empty\n");
  EXPECT_EQ(heading("/q/queue1", 1), "\t\t/q/queue1 (1 request)\n");
  EXPECT_EQ(heading("/q/queue1", 7), "\t\t/q/queue1 (7 requests)\n");
}

}  // namespace
}  // namespace sluice::sendmail
