#include "stray_bodies.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

namespace sluice::scheduler {

namespace {

std::optional<std::uint64_t> number_in(const std::string& name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool certainly_absent(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) != 0 && errno == ENOENT;
}

bool is_stray(const std::string& queue_directory, unsigned part, const std::string& path, std::uint64_t number,
              WallTime now) {
  // First that nothing vouches for it, then its age: qmail-intake touches a body before it takes its todo file away.
  if (!certainly_absent(fmt::format("{}/info/{}/{}", queue_directory, part, number)) ||
      !certainly_absent(fmt::format("{}/todo/{}/{}", queue_directory, part, number)) ||
      !certainly_absent(fmt::format("{}/todo/{}", queue_directory, number)))
    return false;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_ino != number) return false;
  return Seconds{to_seconds(now) - std::max(status.st_mtim.tv_sec, status.st_atim.tv_sec)} >= kStrayAge;
}

}  // namespace

std::vector<std::uint64_t> stray_bodies(const std::string& queue_directory, unsigned split,
                                        const boost::unordered_flat_set<std::uint64_t>& needed, WallTime now) {
  namespace fs = std::filesystem;
  std::vector<std::uint64_t> strays;
  for (unsigned part = 0; part < split; ++part) {
    std::error_code error;
    const std::string directory = fmt::format("{}/mess/{}", queue_directory, part);
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      const auto number = number_in(entry->path().filename().string());
      if (number && !needed.contains(*number) && is_stray(queue_directory, part, entry->path().string(), *number, now))
        strays.push_back(*number);
    }
  }
  return strays;
}

}  // namespace sluice::scheduler
