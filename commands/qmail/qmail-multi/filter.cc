#include "filter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/os/process.h"

namespace sluice::qmail_multi {

namespace {

constexpr int kTemporaryFile = 68, kFork = 121, kCrashed = 123, kRefused = 31, kOwnText = 88, kNotNow = 71;

// A file without a name, so that nothing is left of it.
os::Fd temporary_file(const os::Environment& environment) {
  const std::string directory = environment.find("TMPDIR").value_or("/tmp");
  os::Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  std::string name = directory + "/qmail-multi.XXXXXX";  // a file system without O_TMPFILE
  file.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (file) ::unlink(name.c_str());
  return file;
}

}  // namespace

std::optional<int> verdict_of(int status) {
  if (!WIFEXITED(status)) return kCrashed;
  switch (WEXITSTATUS(status)) {
    case 0:
      return std::nullopt;
    case 2:
    case 99:
      return 0;
    case 31:
    case 100:
      return kRefused;
    case 88:
      return kOwnText;
    default:
      return kNotNow;
  }
}

Filtered run_filter(const std::string& command, const os::Environment& environment) {
  os::Fd output = temporary_file(environment);
  if (!output) return {kTemporaryFile, {}};
  const os::Program shell{.path = "/bin/sh",
                          .arguments = {"sh", "-c", command},
                          .environment = environment,
                          .descriptors = {{STDIN_FILENO, 0}, {output.get(), 1}, {STDERR_FILENO, 2}}};
  const auto child = os::spawn(shell);
  if (!child) return {kFork, {}};
  if (const auto verdict = verdict_of(os::wait_for(*child))) return {*verdict, {}};
  if (::lseek(output.get(), 0, SEEK_SET) != 0) return {kTemporaryFile, {}};
  return {0, std::move(output)};
}

}  // namespace sluice::qmail_multi
