#include "system/config/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "system/os/fd.h"

namespace sluice::config {
namespace {

constexpr std::size_t kLargest = 64U << 20;

std::string reason(int code) { return std::generic_category().message(code); }

}  // namespace

Result<std::optional<std::string>, std::string> read_text_file(const std::string& path) {
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(reason(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(reason(errno));
  if (!S_ISREG(status.st_mode)) return fail(std::string("not a regular file"));
  std::string contents;
  for (;;) {
    constexpr std::size_t kStep = 65536;
    const std::size_t before = contents.size();
    contents.resize(before + kStep);
    const ssize_t n = ::read(file.get(), contents.data() + before, kStep);
    contents.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n == 0) break;
    if (n < 0 && errno != EINTR) return fail(reason(errno));
    if (contents.size() > kLargest) return fail(std::string("larger than 64 MiB"));
  }
  if (contents.find('\0') != contents.npos) return fail(std::string("holds a NUL octet, so it is no text"));
  return contents;
}

}  // namespace sluice::config
