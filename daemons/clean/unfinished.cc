#include "unfinished.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

namespace sluice::clean {

namespace {

namespace fs = std::filesystem;

bool is_old_file(const fs::path& path, WallTime now) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         Seconds{to_seconds(now) - status.st_mtim.tv_sec} >= kUnfinishedAge;
}

bool certainly_absent(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) != 0 && errno == ENOENT;
}

// The old files of one directory. `accepted`: the directory in which one of the same name protects a file; or empty.
std::size_t sweep(const fs::path& directory, const fs::path& accepted, WallTime now) {
  std::size_t removed = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (!is_old_file(path, now)) continue;
    if (!accepted.empty() && !certainly_absent(accepted / path.filename())) continue;
    std::error_code ignored;
    if (fs::remove(path, ignored)) ++removed;
  }
  return removed;
}

}  // namespace

std::size_t remove_unfinished(const std::string& queue_directory, WallTime now) {
  const fs::path queue = queue_directory;
  std::size_t removed = sweep(queue / "pid", {}, now) + sweep(queue / "intd", queue / "todo", now);
  std::error_code error;
  for (fs::directory_iterator entry(queue / "intd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code no_directory;
    if (fs::is_directory(entry->symlink_status(no_directory)))
      removed += sweep(entry->path(), queue / "todo" / entry->path().filename(), now);
  }
  return removed;
}

}  // namespace sluice::clean
