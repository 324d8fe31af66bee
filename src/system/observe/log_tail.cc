#include "system/observe/log_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/monitor/log_lines.h"
#include "system/os/fd.h"

namespace sluice::observe {

std::string log_file(const std::string& path) {
  struct stat status {};
  const bool directory = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return directory ? path + "/current" : path;
}

Result<std::vector<std::string>, std::string> read_log_tail(const std::string& file, std::size_t most,
                                                            std::chrono::minutes utc_offset) {
  constexpr off_t kEnd = 64 << 10;  // octets of the end that are looked at
  const auto failure = [&file](std::string_view why) { return fail(fmt::format("cannot read {}: {}", file, why)); };
  const os::Fd fd(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return failure(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return failure("it is no regular file");
  const off_t start = status.st_size > kEnd ? status.st_size - kEnd : 0;
  std::string octets(static_cast<std::size_t>(status.st_size - start), '\0');
  const ssize_t count = ::pread(fd.get(), octets.data(), octets.size(), start);
  if (count < 0) return failure(std::strerror(errno));
  octets.resize(static_cast<std::size_t>(count));
  return monitor::last_lines(octets, start > 0, most, utc_offset);
}

}  // namespace sluice::observe
