#include "core/monitor/screen.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/monitor/screen_text.h"

namespace sluice::monitor {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

Snapshot busy(unsigned queues) {
  Snapshot snapshot;
  snapshot.at = wall_from_millis(1795315310'000);
  snapshot.home = "/var/lib/sluice";
  for (unsigned number = 1; number <= queues; ++number) {
    QueueFigures queue;
    queue.number = number;
    queue.name = fmt::format("queue{}", number);
    queue.messages = 1000 + number;
    queue.load = 100 + number;
    queue.local = {1, 100, 0};
    queue.remote = {20, 20, 900};
    queue.rates = Rates{12.5, 9.25, 0.5, 0};
    snapshot.queues.push_back(queue);
  }
  snapshot.lanes = {{"queue1", "remote", "example.net", 20, 20, 900, "lane-window"},
                    {"queue1", "local", "joe@example.org", 1, 10, 1, "in-flight"}};
  return snapshot;
}

std::string drawn(const Snapshot& snapshot, Size size = {}, const View& view = {}) {
  return plain_text(draw(snapshot, view, size, minutes{0}).rows);
}

TEST(Screen, IsThisAtEightyByTwentyFour) {
  Snapshot snapshot = busy(2);
  snapshot.log_name = "/var/log/sluice/current";
  snapshot.log = {"02:41:49 new msg 1 queue1", "02:41:50 end msg 1 qmail-send: queue1"};
  EXPECT_EQ(drawn(snapshot),
            "qtop  /var/lib/sluice                                           02:41:50  h help\n"
            "2 queues, static  2003 messages  in 25.0/s  out 18.5/s  deferred 1.0/s\n"
            "QUEUE                    LOAD   LOCAL      REMOTE   MSGS   IN/S  OUT/S STATE\n"
            "queue1    [######......]  101   1/100       20/20   1001   12.5    9.2\n"
            "queue2    [######......]  102   1/100       20/20   1002   12.5    9.2\n"
            "BUSIEST LANES                         FLIGHT/MAX   JOBS  WAITING FOR   QUEUE\n"
            "remote example.net                         20/20    900  lane-window   queue1\n"
            "local  joe@example.org                      1/10      1  in-flight     queue1\n"
            "LOG  /var/log/sluice/current\n"
            "02:41:49 new msg 1 queue1\n"
            "02:41:50 end msg 1 qmail-send: queue1\n");
}

TEST(Screen, FitsIntoEverySize) {
  Snapshot snapshot = busy(30);
  snapshot.queues[3].state = QueueState::kSilent;
  snapshot.queues[3].trouble = std::string(300, 'x');
  snapshot.queues[4].state = QueueState::kRetired;
  snapshot.queues[5].load = UINT64_MAX;
  snapshot.queues[5].messages = UINT64_MAX;
  snapshot.queues[5].remote = {UINT64_MAX, UINT64_MAX, 0};
  snapshot.queues[5].rates = Rates{1e300, 1e300, 0, 0};
  snapshot.lanes[0].destination = std::string(300, 'y');
  snapshot.log_name = "log";
  snapshot.log.assign(50, std::string(2000, 'z'));
  for (std::size_t rows = 0; rows <= 60; ++rows)
    for (const std::size_t columns : {0, 1, 2, 5, 9, 10, 20, 39, 40, 59, 60, 79, 80, 81, 100, 132, 250}) {
      for (const bool help : {false, true}) {
        const auto picture = draw(snapshot, {.first = rows, .help = help}, {rows, columns}, minutes{0});
        ASSERT_LE(picture.rows.size(), rows);
        for (const Row& row : picture.rows) {
          std::size_t width = 0;
          for (const Piece& piece : row) width += piece.text.size();
          ASSERT_LE(width, columns) << rows << " rows";
        }
      }
    }
}

TEST(Screen, EveryPartIsSeenInEightyByTwentyFourWithManyQueues) {
  Snapshot snapshot = busy(30);
  snapshot.log_name = "current";
  snapshot.log.assign(50, "a line");
  const std::string text = drawn(snapshot);
  for (const char* part : {"queue5 ", "example.net", "LOG  current", "a line"}) EXPECT_THAT(text, HasSubstr(part));
}

TEST(Screen, AQueueThatIsDownIsNamedAndTheOthersAreShown) {
  Snapshot snapshot = busy(3);
  snapshot.queues[1].state = QueueState::kSilent;
  snapshot.queues[1].trouble = "Connection refused";
  snapshot.queues[2].disabled = true;
  const std::string text = drawn(snapshot);
  EXPECT_THAT(text, HasSubstr("\nqueue2    not answering: Connection refused\n"));
  EXPECT_THAT(text, HasSubstr("1 NOT ANSWERING"));
  EXPECT_THAT(text, HasSubstr(" disabled\n"));
  snapshot.queues[2].disabled = false;
  snapshot.queues[2].remote.held = true;
  EXPECT_THAT(drawn(snapshot), HasSubstr(" held\n"));
  EXPECT_THAT(text, HasSubstr("\nqueue1 "));
}

TEST(Screen, ForeignTextIsPrintable) {
  Snapshot snapshot = busy(1);
  snapshot.lanes[0].destination = "\x1b[2J\n.test";
  snapshot.home = "/home/\x9bx";
  const std::string text = drawn(snapshot);
  EXPECT_THAT(text, HasSubstr("?[2J?.test"));
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(Screen, ScrollsNoFurtherThanToTheLastQueue) {
  const auto picture = draw(busy(30), {.first = 1000}, {24, 80}, minutes{0});
  EXPECT_LT(picture.first, 30u);
  EXPECT_THAT(plain_text(picture.rows), HasSubstr("queue30"));
  EXPECT_EQ(draw(busy(2), {.first = 1}, {24, 80}, minutes{0}).first, 0u);
}

TEST(Screen, ShowsTheQueuesInTheChosenOrder) {
  const Snapshot snapshot = busy(3);
  const std::string text = drawn(snapshot, {}, {.order = Order::kMessages});
  EXPECT_LT(text.find("queue3"), text.find("queue1 "));
  EXPECT_EQ(next(next(next(Order::kNumber))), Order::kNumber);
}

TEST(Screen, HelpTakesThePlaceOfLanesAndLog) {
  const std::string text = drawn(busy(2), {}, {.help = true});
  EXPECT_THAT(text, HasSubstr("q          quit"));
  EXPECT_THAT(text, Not(HasSubstr("example.net")));
}

TEST(ScreenText, NumbersStayShort) {
  EXPECT_EQ(count_text(999'999), "999999");
  EXPECT_EQ(count_text(1'234'567), "1.2M");
  EXPECT_EQ(count_text(999'960'000), "1.0G");
  EXPECT_EQ(count_text(UINT64_MAX), "18.4E");
  EXPECT_EQ(rate_text(0.04), "0.0");
  EXPECT_EQ(rate_text(99.96), "100");
  EXPECT_EQ(rate_text(1'234'567), "1235k");
}

TEST(ScreenText, BarsShowTheShare) {
  EXPECT_EQ(bar_text(0, 200, 4), "[....]");
  EXPECT_EQ(bar_text(100, 200, 4), "[##..]");
  EXPECT_EQ(bar_text(199, 200, 4), "[###.]");
  EXPECT_EQ(bar_text(1000, 200, 4), "[####]");
  EXPECT_EQ(bar_text(1, 0, 2), "[..]");
}

}  // namespace
}  // namespace sluice::monitor
