#include "core/activity/activity_line.h"

#include <gtest/gtest.h>

#include "core/activity/stamp.h"
#include "core/mail/activity_log.h"

namespace sluice::activity {

namespace {

template <class Kind>
Kind as(std::string_view text) {
  const ActivityLine line = parse_activity_line(text);
  EXPECT_TRUE(std::holds_alternative<Kind>(line)) << text;
  return std::holds_alternative<Kind>(line) ? std::get<Kind>(line) : Kind{};
}

TEST(Stamp, Tai64nBecomesSecondsAndNanoseconds) {
  EXPECT_EQ(decimal_stamp("@4000000065f2a1b41dcd6500"), "1710399914.500000000");
}

TEST(Stamp, DecimalStampsStayAsTheyAre) {
  EXPECT_EQ(decimal_stamp("1710399914.5"), "1710399914.5");
  EXPECT_EQ(decimal_stamp("1710399914"), "1710399914");
}

TEST(Stamp, WhatIsNoStampIsNone) {
  for (const char* word : {"", "@", "new", "1.", ".5", "1.2.3", "-1", "@4000000065f2a1b41dcd650",
                           "@4000000065f2a1b4ffffffff", "@0000000000000000000000aa", "@400000006-f2a1b41dcd6500"})
    EXPECT_EQ(decimal_stamp(word), std::nullopt) << word;
}

// Everything that the daemons write is known here.
TEST(ActivityLine, LinesOfOurOwnWriterAreRead) {
  const mail::ActivityLog log("queue2", "2");
  const mail::ActivityLog::MessageId id{29466672503981056};
  std::string line;
  const auto text = [&] {
    static std::string kept;
    kept = std::exchange(line, {});
    kept.pop_back();
    return std::string_view(kept);
  };

  log.new_message(line, id);
  EXPECT_EQ(as<MessageNew>(text()).queue, "queue2");
  log.message_info(line, id, 414, "A b%@x.test", 17405, 992);
  const auto info = as<MessageInfo>(text());
  EXPECT_EQ(info.id, "29466672503981056");
  EXPECT_EQ(info.sender, "<A_b_@x.test>");
  EXPECT_EQ(info.uid, "992");
  EXPECT_EQ(info.queue, "queue2");
  log.starting_delivery(line, 7, id, "lmtp", "joe@x.test");
  const auto start = as<DeliveryStart>(text());
  EXPECT_EQ(start.number, "7.2");
  EXPECT_EQ(start.channel, "lmtp");
  EXPECT_EQ(start.recipient, "joe@x.test");
  EXPECT_EQ(start.queue, "queue2");
  log.delivery(line, 7, mail::Verdict::kDeferred, "no route\nto host");
  const auto end = as<DeliveryEnd>(text());
  EXPECT_EQ(end.number, "7.2");
  EXPECT_EQ(end.result, DeliveryResult::kDeferral);
  EXPECT_EQ(end.reason, "no_route/to_host");
  EXPECT_EQ(end.queue, "queue2");
  log.delivery_mangled(line, 7);
  EXPECT_TRUE(as<DeliveryEnd>(text()).mangled);
  log.end_message(line, id);
  EXPECT_EQ(as<MessageEnd>(text()).queue, "queue2");
  log.scheduler_start(line, 5, "/x/queue/queue2", false, false, 151);
  EXPECT_EQ(as<QueueStopped>(text()).queue, "queue2");
  log.scheduler_exit(line, 5);
  EXPECT_EQ(as<QueueStopped>(text()).queue, "queue2");
}

TEST(ActivityLine, NoLineOfOurOwnWriterIsUnknown) {
  const mail::ActivityLog log("queue2", "2");
  const mail::ActivityLog::MessageId id{5};
  std::string lines;
  log.recipient(lines, "remote", "", "a@x.test", id, 3, mail::TodoMode::kMqueue);
  log.status(lines, {.local = 1, .local_limit = 10, .remote_held = true, .delayed_jobs = 3, .exit_asap = true});
  log.bounce(lines, id, 9);
  log.notice(lines, id, 9);
  log.warning(lines, id, 9);
  log.double_bounce_discarded(lines, id);
  log.triple_bounce_discarded(lines, id);
  log.scheduler_signal(lines, 5, "HUP");
  log.scheduler_lost(lines, "spawn");
  log.scheduler_cannot_start(lines, "no room");
  log.scheduler_warning(lines, "trouble");
  log.scheduler_notice(lines, "msg 5 is released");
  log.scheduler_log_lock(lines, true);
  log.scheduler_attaching(lines);
  log.scheduler_detaching(lines);
  log.todo_start(lines, 5, "/x/queue2", 151, 1, true);
  log.todo_mode(lines, mail::TodoMode::kCompat);
  log.todo_subdirectory(lines, 3, 9, true);
  log.todo_signal(lines, 5, "HUP");
  log.todo_ordered_to_quit(lines, 5);
  log.todo_detached(lines, 5);
  log.todo_attached(lines, 5);
  log.todo_stopping(lines);
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size(); ++count) {
    const std::size_t end = lines.find('\n', at);
    const auto text = std::string_view(lines).substr(at, end - at);
    EXPECT_FALSE(std::holds_alternative<Unknown>(parse_activity_line(text))) << text;
    at = end + 1;
  }
  EXPECT_EQ(count, 23U);
}

TEST(ActivityLine, QmailLinesHaveNoQueue) {
  EXPECT_EQ(as<MessageInfo>("info msg 12: bytes 5 from <a@b> qp 6 uid 7").queue, "");
  EXPECT_EQ(as<DeliveryStart>("starting delivery 3: msg 12 to local a@b").number, "3");
  EXPECT_EQ(as<DeliveryEnd>("delivery 3: success: did_1+0+0/").reason, "did_1+0+0/");
  EXPECT_EQ(as<DeliveryEnd>("delivery 3: report mangled, will defer").number, "3");
  EXPECT_EQ(as<MessageEnd>("end msg 12").id, "12");
  EXPECT_EQ(as<QueueStopped>("status: exiting").queue, "");
}

TEST(ActivityLine, OtherLinesAreUnknown) {
  for (const char* text : {"", " ", "new msg", "new msg x", "info msg 12 bytes 5",
                           "starting delivery x: msg 1 to local a", "delivery 3: maybe: x", "delivery 3.: success: x",
                           "end msg", "extra 1 2 3", "extra 1 2 3 x", "delivery 3: success: two words queue1", "hello"})
    EXPECT_TRUE(std::holds_alternative<Unknown>(parse_activity_line(text))) << text;
}

}  // namespace

}  // namespace sluice::activity
