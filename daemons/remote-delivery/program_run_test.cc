#include "program_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <optional>

namespace sluice::remote {
namespace {

using How = mail::ProgramEnd::How;

struct Ended {
  std::string output;
  mail::ProgramEnd end;
};

// The shell is only a program that is everywhere.
std::optional<Ended> run(const std::string& script, Duration limit = Seconds{60}) {
  net::Loop loop;
  const os::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  os::Program program;
  program.path = "/bin/sh";
  program.arguments = {"sh", "-c", script};
  program.environment.set("PATH", "/usr/bin:/bin");
  program.descriptors = {{null.get(), STDIN_FILENO}, {null.get(), STDERR_FILENO}};
  std::optional<Ended> ended;
  auto running = ProgramRun::start(loop, std::move(program), limit, [&](std::string output, mail::ProgramEnd end) {
    ended = {std::move(output), end};
    loop.stop();
  });
  if (!running) return std::nullopt;
  loop.run();
  return ended;
}

TEST(AProgramRun, TellsTheOutputAndTheExitCode) {
  const auto ended = run("printf abc; exit 7");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->output, "abc");
  EXPECT_EQ(ended->end.how, How::kExited);
  EXPECT_EQ(ended->end.code, 7);
}

TEST(AProgramRun, TellsTheSignal) {
  const auto ended = run("kill -9 $$");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->end.how, How::kKilled);
  EXPECT_EQ(ended->end.code, SIGKILL);
}

TEST(AProgramRun, KeepsNoMoreThanAReportCanBe) {
  const auto ended = run("head -c 1000000 /dev/zero");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->output.size(), mail::kMaximumRemoteOutput);
  EXPECT_EQ(ended->end.code, 0);
}

TEST(AProgramRun, EndsWithTheProgramAndNotWithWhoeverHoldsItsOutput) {
  const auto ended = run("sleep 5 & printf x");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->output, "x");
}

TEST(AProgramRun, IsEndedWhenItsTimeIsOver) {
  const auto ended = run("printf x; exec sleep 1000", Duration{200});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->end.how, How::kTimedOut);
}

TEST(AProgramRun, ThatIsDestroyedLeavesNoProcess) {
  net::Loop loop;
  const os::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  os::Program program;
  program.path = "/bin/sleep";
  program.arguments = {"sleep", "1000"};
  program.descriptors = {{null.get(), STDIN_FILENO}, {null.get(), STDERR_FILENO}};
  {
    const auto running =
        ProgramRun::start(loop, std::move(program), Seconds{60}, [](const std::string&, mail::ProgramEnd) { FAIL(); });
    ASSERT_TRUE(running);
  }
  EXPECT_FALSE(os::reap_any()) << "it was waited for";
}

TEST(AProgramRun, OfAFileThatIsNotThereDoesNotStart) {
  net::Loop loop;
  os::Program program;
  program.path = "/nonexistent/program";
  program.arguments = {"program"};
  const auto running = ProgramRun::start(loop, std::move(program), Seconds{1}, [](auto&&...) { FAIL(); });
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ENOENT);
}

}  // namespace
}  // namespace sluice::remote
