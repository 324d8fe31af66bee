#include "paused_queues.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "system/os/failure.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

bool PausedQueues::contains(const std::string& queue) const {
  struct stat status {};
  return ::lstat((directory_ + '/' + queue).c_str(), &status) == 0;
}

Result<void, std::string> PausedQueues::set(const std::string& queue, bool paused) const {
  const std::string path = directory_ + '/' + queue;
  if (!paused) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(os::with_errno("cannot remove " + path));
    return {};
  }
  if (::mkdir(directory_.c_str(), 0755) != 0 && errno != EEXIST)
    return fail(os::with_errno("cannot make " + directory_));
  const os::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return fail(os::with_errno("cannot make " + path));
  return {};
}

}  // namespace sluice::supervisor
