#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/bytes.h"
#include "system/os/process.h"

namespace sluice::mailbox_delivery {

namespace {

using std::chrono::steady_clock;

volatile std::sig_atomic_t termination_asked = 0;

constexpr std::chrono::milliseconds kTimeToSettle{2000};  // between the friendly signal and the other
constexpr unsigned kTimeToFinish = 5;                     // seconds; death in the midst of a mailbox is survived by it

// The beginning and the end of what a program says.
class Output {
 public:
  void append(Octets octets) {
    const std::size_t fits = std::min(octets.size(), kKeptOutput - first_.size());
    first_.append(octets.substr(0, fits));
    octets.remove_prefix(fits);
    if (octets.empty()) return;
    if (octets.size() > kKeptOutput) {
      cut_ = true;
      octets.remove_prefix(octets.size() - kKeptOutput);
    }
    last_.append(octets);
    if (last_.size() <= kKeptOutput) return;
    cut_ = true;
    last_.erase(0, last_.size() - kKeptOutput);
  }
  std::string text() && { return std::move(first_) + (cut_ ? "\n...\n" : "") + last_; }

 private:
  std::string first_, last_;
  bool cut_ = false;
};

// Reads what is there. False: nothing more will come.
bool drain(int pipe, Output& output) {
  char piece[8192];
  // A flood must not keep us from looking at the clock and at the program itself.
  for (int reads = 0; reads < 16; ++reads) {
    const ssize_t count = ::read(pipe, piece, sizeof piece);
    if (count > 0) {
      output.append({piece, static_cast<std::size_t>(count)});
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    return count < 0 && errno == EAGAIN;
  }
  return true;
}

// Waits for one of them or the deadline; SIGTERM comes through only here.
void wait_for_news(pollfd* both, steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  const auto milliseconds = std::max<std::int64_t>(left.count(), 0);
  const timespec timeout{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  sigset_t none;
  sigemptyset(&none);
  ::ppoll(both, 2, &timeout, &none);
}

// Holds SIGTERM back, so that it cannot come between a look at the mark that it leaves and the wait.
class TerminationHeld {
 public:
  TerminationHeld() {
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &term, &before_);
  }
  ~TerminationHeld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  TerminationHeld(const TerminationHeld&) = delete;

 private:
  sigset_t before_{};
};

// Reads until the program has ended; false: the deadline came first, or somebody wants us to end.
bool watch(int pidfd, int& pipe, Output& output, steady_clock::time_point deadline, bool stoppable) {
  const TerminationHeld held;
  for (;;) {
    pollfd both[] = {{pidfd, POLLIN, 0}, {pipe, POLLIN, 0}};
    wait_for_news(both, deadline);
    if (both[1].revents != 0 && !drain(pipe, output)) pipe = -1;
    if (both[0].revents != 0) return true;
    if (steady_clock::now() >= deadline || (stoppable && termination_asked)) return false;
  }
}

}  // namespace

Result<ProgramEnd, std::string> run_program(ProgramRun run) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(std::string("cannot make a pipe: ") + std::strerror(errno));
  const os::Fd reading(ends[0]);
  os::Fd writing(ends[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  os::Program program;
  program.path = run.arguments.front();
  program.arguments = std::move(run.arguments);
  program.environment = std::move(run.environment);
  program.descriptors = {{run.message.get(), 0}, {writing.get(), 1}, {writing.get(), 2}};
  program.directory = std::move(run.directory);
  program.own_group = true;
  program.parent_death_signal = SIGKILL;
  const auto child = os::spawn(program);
  if (!child) return fail(child.error().what);
  writing.reset();
  run.message.reset();
  const os::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, *child, 0)));
  Output output;
  ProgramEnd end;
  int pipe = reading.get();
  if (!pidfd || !watch(pidfd.get(), pipe, output, run.deadline, true)) {
    end.stopped = termination_asked != 0;
    end.too_long = !end.stopped;
    ::kill(-*child, SIGTERM);
    if (pidfd) watch(pidfd.get(), pipe, output, steady_clock::now() + kTimeToSettle, false);
    ::kill(-*child, SIGKILL);
  }
  end.status = os::wait_for(*child);
  if (pipe >= 0) drain(pipe, output);
  end.output = std::move(output).text();
  return end;
}

void heed_termination() {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_UNBLOCK, &term, nullptr);
  struct sigaction action {};
  action.sa_handler = [](int) {
    termination_asked = 1;
    ::alarm(kTimeToFinish);
  };
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace sluice::mailbox_delivery
