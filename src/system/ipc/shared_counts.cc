#include "system/ipc/shared_counts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace sluice::ipc {

namespace {

constexpr int kTries = 4;  // against somebody who makes and removes objects of our name

std::string trouble(const char* what, const std::string& name, int error) {
  return fmt::format("{} shared memory {}: {}", what, name, std::strerror(error));
}

std::optional<int> set_up(int fd, std::size_t octets, const ObjectAccess& access) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return errno;
  const auto size = static_cast<off_t>(octets);
  if (status.st_size != size && ::ftruncate(fd, size) != 0) return errno;
  return give_access(fd, access);
}

}  // namespace

Result<SharedCounts, std::string> SharedCounts::make(const std::string& name, std::size_t octets,
                                                     const ObjectAccess& access) {
  for (int tried = 0; tried < kTries; ++tried) {
    os::Fd fd(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!fd && errno != EEXIST) return fail(trouble("cannot make", name, errno));
    const bool made = static_cast<bool>(fd);
    if (!made) fd.reset(::shm_open(name.c_str(), O_RDWR | O_NONBLOCK, 0));
    struct stat status {};
    if (made || (fd && ::fstat(fd.get(), &status) == 0 && may_be_kept(status, access))) {
      const auto failed = set_up(fd.get(), octets, access);
      if (!failed) return SharedCounts(std::move(fd));
      if (made) ::shm_unlink(name.c_str());
      return fail(trouble("cannot set up", name, *failed));
    }
    if (!fd && errno == ENOENT) continue;
    if (::shm_unlink(name.c_str()) != 0 && errno != ENOENT)
      return fail(fmt::format("shared memory {} belongs to somebody else, and cannot be removed: {}", name,
                              std::strerror(errno)));
  }
  return fail(fmt::format("shared memory {} is made again and again by somebody else", name));
}

Result<SharedCounts, std::string> SharedCounts::open(const std::string& name, Use use) {
  // Anybody may have put a fifo there, and nobody must wait until somebody opens its other end.
  os::Fd fd(::shm_open(name.c_str(), (use == Use::kRead ? O_RDONLY : O_RDWR) | O_NONBLOCK, 0));
  if (!fd) return fail(trouble("cannot open", name, errno));
  return SharedCounts(std::move(fd));
}

bool SharedCounts::read(char* to, std::size_t octets) const {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0 || status.st_size != static_cast<off_t>(octets)) return false;
  return ::pread(fd_.get(), to, octets, 0) == static_cast<ssize_t>(octets);
}

bool SharedCounts::write(std::size_t at, Octets octets) {
  struct stat status {};
  const auto end = static_cast<off_t>(at + octets.size());
  // A name that was removed leaves its object to those who have it open, and nobody else finds it.
  if (::fstat(fd_.get(), &status) != 0 || status.st_nlink == 0 || status.st_size < end) return false;
  return ::pwrite(fd_.get(), octets.data(), octets.size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(octets.size());
}

std::optional<uid_t> SharedCounts::owner() const {
  struct stat status {};
  return ::fstat(fd_.get(), &status) == 0 ? std::optional(status.st_uid) : std::nullopt;
}

bool remove_shared_counts(const std::string& name) { return ::shm_unlink(name.c_str()) == 0 || errno == ENOENT; }

}  // namespace sluice::ipc
