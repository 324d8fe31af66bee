#include "core/supervise/daemon_plan.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

using std::chrono::hours;

DaemonPlan listening() {
  DaemonPlan plan;
  plan.listen = true;
  return plan;
}

DaemonPlan timed(Duration interval) {
  DaemonPlan plan;
  plan.interval = interval;
  return plan;
}

DaemonPlan persistent(std::optional<Duration> interval) {
  DaemonPlan plan;
  plan.persistent = true;
  plan.interval = interval;
  return plan;
}

TEST(DaemonPlan, ComesBackFromItsJson) {
  DaemonPlan plan;
  plan.listen = plan.persistent = plan.background = true;
  plan.restarts = false;
  plan.retry_by_runs = true;
  plan.interval = hours(1);
  plan.selector.tests.push_back({select::Field::kSender, "root", true});
  plan.group = "slow";
  plan.report = 3;
  plan.log = "/var/log/mail";
  plan.pid_file = "/run/sendmail.pid";
  plan.command = {"/usr/sbin/sendmail", "-bd", "-qp"};
  plan.directory = "/";
  EXPECT_EQ(decode_daemon_plan(encode(plan)), plan);
  EXPECT_EQ(decode_daemon_plan(encode(DaemonPlan{})), DaemonPlan{});
}

TEST(DaemonPlan, AWrongMemberIsNamed) {
  EXPECT_EQ(decode_daemon_plan("[]").error(), "the plan of the daemon is not a JSON object");
  EXPECT_EQ(decode_daemon_plan(R"({"listen":1})").error(), "the plan of the daemon: listen is wrong");
  EXPECT_EQ(decode_daemon_plan(R"({"interval":-1})").error(), "the plan of the daemon: interval is wrong");
  EXPECT_EQ(decode_daemon_plan(R"({"command":["a",2]})").error(), "the plan of the daemon: command is wrong");
}

TEST(DaemonPlan, TheTitleSaysWhatTheDaemonIsFor) {
  EXPECT_EQ(title_of(listening(), "/q"), "accepting connections");
  EXPECT_EQ(title_of(timed(hours(1)), "/q"), "Queue runner@01:00:00 for /q");
  EXPECT_EQ(title_of(persistent({}), "/q"), "Queue control");
}

TEST(DaemonPlan, ThePurposeJoinsListeningAndRuns) {
  EXPECT_EQ(purpose_of(listening()), "SMTP");
  EXPECT_EQ(purpose_of(timed(hours(24))), "queueing@1+00:00:00");
  EXPECT_EQ(purpose_of(persistent({})), "persistent-queueing@00:00:01");
  EXPECT_EQ(purpose_of(persistent(Duration{0})), "persistent-queueing@00:00:01");
  DaemonPlan both = timed(hours(1));
  both.listen = true;
  EXPECT_EQ(purpose_of(both), "SMTP+queueing@01:00:00");
  both.interval = Duration{0};  // -bd -q
  EXPECT_EQ(purpose_of(both), "SMTP");
}

}  // namespace
}  // namespace sluice::supervise
