#include "announce.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "system/os/failure.h"

namespace sluice::supervisor {

void announce(std::string_view text) { announce_as(kName, text); }

void announce_as(std::string_view program, std::string_view text) {
  const std::string line = fmt::format("info: {}: {}\n", program, text);
  // Nobody reads standard output: the work goes on.
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

void alert(std::string_view text) { os::say("alert", kName, text); }

std::string_view signal_name(int signo) {
  switch (signo) {
    case SIGTERM:
      return "SIGTERM";
    case SIGKILL:
      return "SIGKILL";
    case SIGHUP:
      return "SIGHUP";
    case SIGALRM:
      return "SIGALRM";
    case SIGINT:
      return "SIGINT";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    default:
      return "a signal";
  }
}

}  // namespace sluice::supervisor
