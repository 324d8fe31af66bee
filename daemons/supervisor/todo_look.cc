#include "todo_look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "system/os/fd.h"

namespace sluice::supervisor {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Calls `each` with the name of every entry and whether it is a directory, until it says false.
void list(int at, const char* path,
          const std::function<bool(int directory, const char* name, bool is_directory)>& each) {
  os::Fd fd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return;
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) return;
  const int handle = fd.release();
  while (const dirent* const entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    bool is_directory = entry->d_type == DT_DIR;
    struct stat status {};
    if (entry->d_type == DT_UNKNOWN && ::fstatat(handle, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      is_directory = S_ISDIR(status.st_mode);
    if (!each(handle, entry->d_name, is_directory)) return;
  }
}

}  // namespace

std::vector<std::string> todo_names(const std::string& queue_directory, std::size_t most) {
  std::vector<std::string> names;
  list(AT_FDCWD, (queue_directory + "/todo").c_str(), [&](int todo, const char* name, bool is_directory) {
    if (!is_directory) {
      names.emplace_back(name);
    } else {
      const std::string split = name;
      list(todo, split.c_str(), [&](int, const char* file, bool inner) {
        if (!inner) names.push_back(split + '/' + file);
        return names.size() < most;
      });
    }
    return names.size() < most;
  });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sluice::supervisor
