#include "activity.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"
#include "system/os/clock.h"
#include "system/os/failure.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kLockPatience{200};
constexpr Duration kBetweenTries{5};
constexpr Duration kLockRest{10'000};

}  // namespace

void Activity::flush() {
  const os::Fd held = lock_.enabled && !buffer_.empty() ? lock() : os::Fd();
  write();
}

os::Fd Activity::lock() {
  if (loop_.now() < no_lock_before_) return {};
  os::Fd file(::open(lock_.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  const MonoTime limit = os::mono_now() + kLockPatience;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || os::mono_now() >= limit) {
      no_lock_before_ = loop_.now() + kLockRest;
      return {};
    }
    ::poll(nullptr, 0, static_cast<int>(kBetweenTries.count()));
  }
  return file;
}

void Activity::toggle_lock() {
  if (!lock_.enabled && ::access(lock_.path.c_str(), R_OK) != 0)
    return os::say("alert", "qmail-send", os::with_errno("loglock stays disabled: " + lock_.path));
  lock_.enabled = !lock_.enabled;
  no_lock_before_ = {};
  add([this](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_log_lock(out, lock_.enabled); });
}

void Activity::write() {
  asked_ = false;
  Octets rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = ::write(descriptor_, rest.data(), rest.size());
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {  // somebody else made our standard output non-blocking
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      break;  // the reader is gone; mail goes on without a log
    }
  }
  buffer_.clear();
}

}  // namespace sluice::scheduler
