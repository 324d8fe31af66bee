#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace sluice::mailbox_delivery {
namespace {

using namespace std::chrono_literals;

Result<ProgramEnd, std::string> shell(const std::string& command, std::chrono::milliseconds limit = 60s) {
  ProgramRun run;
  run.arguments = {"/bin/sh", "-c", command};
  run.environment.set("PATH", "/usr/bin:/bin");
  run.message.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  run.deadline = std::chrono::steady_clock::now() + limit;
  return run_program(std::move(run));
}

TEST(Program, TellsItsStatusAndWhatItSaid) {
  const auto end = shell("echo out; echo err >&2; exit 42");
  ASSERT_TRUE(end);
  EXPECT_EQ(WEXITSTATUS(end->status), 42);
  EXPECT_EQ(end->output, "out\nerr\n");
  EXPECT_FALSE(end->too_long);
}

TEST(Program, FloodIsKeptAtItsBeginningAndItsEnd) {
  const auto end = shell("echo begin; head -c 5000000 /dev/zero; echo end");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->output.starts_with("begin\n"));
  EXPECT_TRUE(end->output.ends_with("end\n"));
  EXPECT_LE(end->output.size(), 2 * kKeptOutput + 5);
}

TEST(Program, IsKilledWithItsGroupWhenItsTimeIsUp) {
  const auto start = std::chrono::steady_clock::now();
  const auto end = shell("trap '' TERM; sleep 300 & while :; do sleep 1; done", 100ms);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->too_long);
  EXPECT_TRUE(WIFSIGNALED(end->status));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 60s);
}

TEST(Program, ThatLeavesAChildBehindIsNotWaitedForBeyondItsEnd) {
  const auto start = std::chrono::steady_clock::now();
  const auto end = shell("sleep 30 & echo $!");
  ASSERT_TRUE(end);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  ::kill(static_cast<pid_t>(std::stol(end->output)), SIGKILL);
}

TEST(Program, ThatCannotBeStartedIsAnError) {
  ProgramRun run;
  run.arguments = {"/nonexistent/program"};
  run.message.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  run.deadline = std::chrono::steady_clock::now() + 5s;
  EXPECT_FALSE(run_program(std::move(run)));
}

}  // namespace
}  // namespace sluice::mailbox_delivery
