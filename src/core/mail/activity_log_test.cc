#include "core/mail/activity_log.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

constexpr queue::MessageId kId{11166242};

// The line that `write` appends to a log of queue1, QIDENT 1.
template <class Write>
std::string line(Write write) {
  std::string out;
  write(ActivityLog("queue1", "1"), out);
  return out;
}
#define LINE(call) line([](const ActivityLog& log, std::string& out) { log.call; })

TEST(ActivityLog, FollowsAMessageThroughItsLife) {
  EXPECT_EQ(LINE(new_message(out, kId)), "new msg 11166242 queue1\n");
  EXPECT_EQ(LINE(message_info(out, kId, 213, "a@x.test", 4711, 1000)),
            "info msg 11166242: bytes 213 from <a@x.test> qp 4711 uid 1000 queue1\n");
  EXPECT_EQ(LINE(recipient(out, "local", "a@x.test", "b@x.test", kId, 213, TodoMode::kOpendir)),
            "local: a@x.test b@x.test 11166242 213 bytes queue1 opendir mode\n");
  EXPECT_EQ(LINE(recipient(out, "remote", "", "c@y.test", kId, 213, TodoMode::kMqueue)),
            "remote: <> c@y.test 11166242 213 bytes queue1 mqueue mode\n");
  EXPECT_EQ(LINE(starting_delivery(out, 3, kId, "local", "b@x.test")),
            "starting delivery 3.1: msg 11166242 to local b@x.test queue1\n");
  EXPECT_EQ(LINE(starting_delivery(out, 4, kId, "remote", "c@y.test")),
            "starting delivery 4.1: msg 11166242 to remote c@y.test queue1\n");
  EXPECT_EQ(LINE(delivery(out, 3, Verdict::kDelivered, "did 0+0+1\n")), "delivery 3.1: success: did_0+0+1/ queue1\n");
  EXPECT_EQ(LINE(delivery(out, 4, Verdict::kDeferred, "no route")), "delivery 4.1: deferral: no_route queue1\n");
  EXPECT_EQ(LINE(delivery(out, 4, Verdict::kFailed, "550 no 50%")), "delivery 4.1: failure: 550_no_50_ queue1\n");
  EXPECT_EQ(LINE(bounce(out, kId, 815)), "bounce msg 11166242 qp 815 queue1\n");
  EXPECT_EQ(LINE(notice(out, kId, 815)), "notice msg 11166242 qp 815 queue1\n");
  EXPECT_EQ(LINE(warning(out, kId, 815)), "warning msg 11166242 qp 815 queue1\n");
  EXPECT_EQ(LINE(end_message(out, kId)), "end msg 11166242 qmail-send: queue1\n");
}

TEST(ActivityLog, MangledReportBearsNoSuffix) {
  EXPECT_EQ(LINE(delivery_mangled(out, 4)), "delivery 4: report mangled, will defer: queue1\n");
}

TEST(ActivityLog, WithoutQidentThereIsNoSuffix) {
  std::string out;
  ActivityLog("queue", "").starting_delivery(out, 1, kId, "local", "b");
  EXPECT_EQ(out, "starting delivery 1: msg 11166242 to local b queue\n");
}

TEST(ActivityLog, StatusShowsItsOptionalPartsInOrder) {
  EXPECT_EQ(LINE(status(out, {.local = 1, .local_limit = 10, .remote = 2, .remote_limit = 20})),
            "status: local 1/10 remote 2/20 queue1\n");
  EXPECT_EQ(LINE(status(out, {.local = 1,
                              .local_limit = 10,
                              .remote = 2,
                              .remote_limit = 20,
                              .local_held = true,
                              .remote_held = true,
                              .delayed_jobs = 7,
                              .exit_asap = true})),
            "status: local 1/10 (held) remote 2/20 (held) delayed jobs=7 queue1 exitasap\n");
}

TEST(ActivityLog, DiscardedBouncesAreNamed) {
  EXPECT_EQ(LINE(double_bounce_discarded(out, kId)), "double bounce: discarding bounce/11166242 queue1\n");
  EXPECT_EQ(LINE(triple_bounce_discarded(out, kId)), "triple bounce: discarding bounce/11166242 queue1\n");
}

TEST(ActivityLog, TellsTheLifeOfQmailSend) {
  EXPECT_EQ(LINE(scheduler_start(out, 42, "/var/queue/queue1", true, false, 151)),
            "info: qmail-send: pid 42: /var/queue/queue1: ratelimit=ON, loglock=disabled, conf split=151\n");
  EXPECT_EQ(LINE(scheduler_exit(out, 42)), "info: qmail-send: pid 42 queue1 exiting\n");
  EXPECT_EQ(LINE(scheduler_signal(out, 42, "TERM")), "alert: qmail-send: pid 42 got TERM: queue1\n");
  EXPECT_EQ(LINE(scheduler_lost(out, "qmail-clean")),
            "alert: qmail-send: queue1: oh no! lost qmail-clean connection! dying...\n");
  EXPECT_EQ(LINE(scheduler_cannot_start(out, "instance already running")),
            "alert: qmail-send: queue1: cannot start: instance already running\n");
  EXPECT_EQ(LINE(scheduler_warning(out, "trouble writing")), "warn: qmail-send: queue1: trouble writing\n");
  EXPECT_EQ(LINE(scheduler_notice(out, "msg 5 is released")), "notice: qmail-send: queue1: msg 5 is released\n");
  EXPECT_EQ(LINE(scheduler_log_lock(out, true)), "info: qmail-send: queue1: loglock enabled\n");
  EXPECT_EQ(LINE(scheduler_attaching(out)), "info: qmail-send: queue1: no pending jobs, attaching back to todo-proc\n");
  EXPECT_EQ(LINE(scheduler_detaching(out)),
            "alert: qmail-send: queue1: no pending deliveries. Instrucing todo-proc to detach...\n");
}

TEST(ActivityLog, TellsTheLifeOfTodoProc) {
  EXPECT_EQ(LINE(todo_start(out, 43, "/q/queue1", 151, 1, true)),
            "info: todo-proc: pid 43: /q/queue1: conf split=151, todo chunk size=1, bigtodo=yes\n");
  EXPECT_EQ(LINE(todo_mode(out, TodoMode::kMqueue)), "info: todo-proc: queue1: Resetting to mqueue mode\n");
  EXPECT_EQ(LINE(todo_mode(out, TodoMode::kCompat)), "info: todo-proc: queue1: Resetting to compat mode\n");
  EXPECT_EQ(LINE(todo_subdirectory(out, 94, 11166242, false)),
            "info: todo-proc: queue1: subdir=todo/94 fn=todo/94/11166242\n");
  EXPECT_EQ(LINE(todo_subdirectory(out, 94, 11166242, true)),
            "warn: todo-proc: queue1: subdir=todo/94 fn=todo/94/11166242 incorrect split\n");
  EXPECT_EQ(LINE(todo_signal(out, 43, "HUP")), "alert: todo-proc: pid 43 got HUP: queue1\n");
  EXPECT_EQ(LINE(todo_ordered_to_quit(out, 43)), "alert: todo-proc: pid 43 ordered to quit by qmail-send: queue1\n");
  EXPECT_EQ(LINE(todo_detached(out, 43)), "alert: todo-proc: pid 43 got 'D' command: todo-proc detached: queue1\n");
  EXPECT_EQ(LINE(todo_attached(out, 43)), "alert: todo-proc: pid 43 got 'A' command: todo-proc attached: queue1\n");
  EXPECT_EQ(LINE(todo_stopping(out)), "info: todo-proc: queue1 stop todo processing asap\n");
}

TEST(ActivityLog, HostileAddressStaysOneWordOfOneLine) {
  const std::string written = LINE(recipient(out, "remote", "a b\r\nc", "\xff%\x01@x", kId, 1, TodoMode::kCompat));
  EXPECT_EQ(written, "remote: a_b_/c ___@x 11166242 1 bytes queue1 compat mode\n");
}

}  // namespace
}  // namespace sluice::mail
