#include "unfinished.h"

#include <sys/stat.h>

#include <filesystem>

namespace sluice::clean {

std::size_t remove_unfinished(const std::string& queue_directory, WallTime now) {
  namespace fs = std::filesystem;
  std::size_t removed = 0;
  std::error_code error;
  for (fs::directory_iterator entry(queue_directory + "/pid", error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    const std::string path = entry->path().string();
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (Seconds{to_seconds(now) - status.st_mtim.tv_sec} < kUnfinishedAge) continue;
    std::error_code ignored;
    if (fs::remove(entry->path(), ignored)) ++removed;
  }
  return removed;
}

}  // namespace sluice::clean
