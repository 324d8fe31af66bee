#include "signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <initializer_list>

#include "stop.h"

namespace sluice::qmail_queue {

namespace {

constexpr unsigned kDeath = 86'400;  // seconds; well below the age at which qmail-clean sweeps

volatile std::sig_atomic_t told_to_stop = 0;

extern "C" void on_alarm(int) { ::_exit(static_cast<int>(Exit::kTimeout)); }
extern "C" void on_fault(int) { ::_exit(static_cast<int>(Exit::kBug)); }
extern "C" void on_stop(int) { told_to_stop = 1; }

void open_missing_descriptors() {
  int fd;
  do {
    fd = ::open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

}  // namespace

void settle_in() {
  open_missing_descriptors();
  for (const int signo : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2})
    std::signal(signo, SIG_IGN);
  for (const int signo : {SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGTRAP}) std::signal(signo, on_fault);
  std::signal(SIGCHLD, SIG_DFL);
  std::signal(SIGALRM, on_alarm);
  struct sigaction stop {};
  stop.sa_handler = on_stop;  // without SA_RESTART
  ::sigaction(SIGTERM, &stop, nullptr);
  // Whatever the caller had blocked is not; only SIGTERM waits.
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  ::alarm(kDeath);
}

void require_input(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) throw Stop{Exit::kRead};
}

std::size_t read_input(int fd, char* to, std::size_t length) {
  sigset_t none;
  sigemptyset(&none);
  for (;;) {
    pollfd watched{fd, POLLIN, 0};
    const int ready = ::ppoll(&watched, 1, nullptr, &none);
    if (told_to_stop != 0) throw Stop{Exit::kToldToStop};
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t count = ::read(fd, to, length);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) throw Stop{Exit::kRead};
  }
}

}  // namespace sluice::qmail_queue
