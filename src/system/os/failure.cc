#include "system/os/failure.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sluice::os {

std::string with_errno(const std::string& what) { return what + ": " + std::strerror(errno); }

int run_main(const char* program, int (*body)(int argc, char** argv), int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error like a full disk
  // A program that was executed through a descriptor (see spawn) would bear the number's name in ps.
  ::prctl(PR_SET_NAME, program);
  try {
    return body(argc, argv);
  } catch (const Fatal& fatal) {
    say("fatal", program, fatal.what());
    return fatal.exit_code();
  } catch (const std::exception& exception) {
    say("fatal", program, exception.what());
    return 111;
  }
}

void say(const char* level, std::string_view program, std::string_view text) {
  const std::string line = fmt::format("{}: {}: {}\n", level, program, text);
  // Nobody is left to tell when standard error is gone.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace sluice::os
