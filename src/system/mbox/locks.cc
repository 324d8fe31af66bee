#include "system/mbox/locks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>

#include "system/mailbox/trouble.h"
#include "system/os/clock.h"

namespace sluice::mbox {

namespace {

constexpr std::chrono::minutes kAbandoned{5};  // as liblockfile has it
// The process that is alive may be another one that got the number of the dead one.
constexpr std::chrono::hours kAbandonedByTheLiving{1};

// A lock of the open file description: it excludes the fcntl locks of other programs like the classic kind, but is not
// dropped when another descriptor of this process is closed.
bool set_file_lock(int file, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

// The process that a dot-lock names; 0: none.
pid_t holder(int directory, const std::string& name) {
  const os::Fd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  char text[32];
  const ssize_t count = file ? ::read(file.get(), text, sizeof text) : 0;
  pid_t pid = 0;
  if (count > 0 && std::from_chars(text, text + count, pid).ec != std::errc()) pid = 0;
  return pid > 0 ? pid : 0;
}

bool abandoned(int directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const auto age = std::chrono::seconds(to_seconds(os::wall_now()) - status.st_mtim.tv_sec);
  const pid_t pid = holder(directory, name);
  if (pid == 0) return age > kAbandoned;
  // Numbers repeat. Whoever is here does not hold a lock, so this is that of a process long dead.
  if (pid == ::getpid()) return true;
  return (::kill(pid, 0) != 0 && errno == ESRCH) || age > kAbandonedByTheLiving;
}

}  // namespace

Result<Locks::Held, Trouble> Locks::take_dot_lock(int directory) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const os::Fd file(
        ::openat(directory, dot_lock_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (file) {
      directory_ = directory;
      const std::string pid = fmt::format("{}\n", ::getpid());
      // Without it the lock is one of no process, which is as good for five minutes.
      (void)!::write(file.get(), pid.data(), pid.size());
      return Held::kYes;
    }
    // A directory in which the recipient can make no file has no dot-locks of ours; nor has a name that would be too
    // long.
    if (errno == EACCES || errno == EPERM || errno == EROFS || errno == ENAMETOOLONG) return Held::kYes;
    if (errno != EEXIST) return fail(mailbox::system_trouble("lock the mailbox", errno));
    // Whoever breaks a lock holds the fcntl lock, so that two of us never break the same.
    if (!abandoned(directory, dot_lock_) || ::unlinkat(directory, dot_lock_.c_str(), 0) != 0) break;
  }
  return Held::kBusy;
}

Result<Locks::Held, Trouble> Locks::take(int mailbox, int directory, const std::string& name) {
  if (!set_file_lock(mailbox, F_WRLCK)) {
    if (errno == EACCES || errno == EAGAIN) return Held::kBusy;
    return fail(mailbox::system_trouble("lock the mailbox", errno));
  }
  mailbox_ = mailbox;
  dot_lock_ = name + ".lock";
  auto held = take_dot_lock(directory);
  if (!held || *held == Held::kBusy) release();
  return held;
}

void Locks::release() {
  if (directory_ >= 0) ::unlinkat(directory_, dot_lock_.c_str(), 0);
  if (mailbox_ >= 0) set_file_lock(mailbox_, F_UNLCK);
  directory_ = mailbox_ = -1;
}

}  // namespace sluice::mbox
