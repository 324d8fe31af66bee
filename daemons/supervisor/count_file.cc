#include "count_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "base/bytes.h"
#include "system/os/failure.h"
#include "system/os/fd.h"
#include "system/os/regular_file.h"

namespace sluice::supervisor {

namespace {

constexpr unsigned kMost = 1023;
constexpr std::size_t kLongest = 256;

Failure<std::string> cannot(const char* what, const std::string& path) {
  return fail(os::with_errno(fmt::format("cannot {} {}", what, path)));
}

}  // namespace

std::string count_file_of(const groups::Group& group) {
  return group.is_default() ? "qcount" : "qcount." + ascii_lowered(group.name);
}

Result<std::optional<unsigned>, std::string> read_count(const std::string& control_directory, const std::string& name) {
  const std::string path = control_directory + '/' + name;
  const auto file = os::read_regular_file(path, kLongest);
  if (!file) return fail(file.error().what);
  if (!*file) return std::nullopt;
  std::string_view text = (*file)->text;
  text = text.substr(0, text.find('\n'));
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r')) text.remove_suffix(1);
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 1 || count > kMost)
    return fail(fmt::format("{} does not hold a number from 1 to {}", path, kMost));
  return count;
}

Result<void, std::string> write_count(const std::string& control_directory, const std::string& name, unsigned count) {
  const std::string path = control_directory + '/' + name, fresh = path + ".new";
  const std::string text = fmt::format("{}\n", count);
  ::unlink(fresh.c_str());  // of one that was killed while it wrote
  const os::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return cannot("create", fresh);
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    if (written >= 0) errno = ENOSPC;
    return cannot("write", fresh);
  }
  if (::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0) return cannot("write", fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return cannot("replace", path);
  const os::Fd directory(::open(control_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return cannot("sync", control_directory);
  return {};
}

}  // namespace sluice::supervisor
