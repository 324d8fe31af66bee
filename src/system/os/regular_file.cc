#include "system/os/regular_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "system/os/fd.h"

namespace sluice::os {

namespace {

auto failed(const std::string& path, int code) {
  const std::string reason = code == EINVAL  ? "not a regular file"
                             : code == EFBIG ? "too large"
                                             : std::generic_category().message(code);
  return fail(FileFailure{code, fmt::format("cannot read {}: {}", path, reason)});
}

}  // namespace

Result<std::optional<RegularFile>, FileFailure> read_regular_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return failed(path, errno);
  if (!S_ISREG(status.st_mode)) return failed(path, EINVAL);
  RegularFile found{{}, status.st_mode, status.st_uid};
  constexpr std::size_t kStep = 65536;
  for (;;) {
    const std::size_t before = found.text.size();
    found.text.resize(before + kStep);
    const ssize_t count = ::read(file.get(), found.text.data() + before, kStep);
    const int error = errno;
    found.text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return found;
    if (count < 0 && error != EINTR) return failed(path, error);
    if (found.text.size() > limit) return failed(path, EFBIG);
  }
}

}  // namespace sluice::os
