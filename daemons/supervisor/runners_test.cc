#include "runners.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "system/os/process.h"

namespace sluice::supervisor {
namespace {

using How = supervise::RunnerEnd::How;

// The status of a child that does this.
template <class Does>
int end_of_child(Does does) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    does();
    ::_exit(0);
  }
  return os::wait_for(child);
}

TEST(TheEndOfARunner, IsAnExitOrASignal) {
  EXPECT_EQ(runner_end(end_of_child([] { ::_exit(7); })), (supervise::RunnerEnd{How::kExit, 7}));
  EXPECT_EQ(runner_end(end_of_child([] { ::raise(SIGKILL); })), (supervise::RunnerEnd{How::kSignal, SIGKILL}));
  EXPECT_EQ(runner_end(end_of_child([] { ::raise(SIGTERM); })), (supervise::RunnerEnd{How::kSignal, SIGTERM}));
}

// The kernel writes a core file or does not; this is how it says so (wait(2)).
TEST(TheEndOfARunner, TellsWhetherItDumpedCore) {
  for (const int signo : {SIGSEGV, SIGABRT}) {
    EXPECT_EQ(runner_end(W_EXITCODE(0, signo)), (supervise::RunnerEnd{How::kSignal, signo}));
    EXPECT_EQ(runner_end(W_EXITCODE(0, signo) | WCOREFLAG), (supervise::RunnerEnd{How::kCore, signo}));
  }
}

}  // namespace
}  // namespace sluice::supervisor
