#include "activity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

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
  const bool locks = lock_.enabled && reader_ == Reader::kReads && !buffer_.empty();
  const os::Fd held = locks ? lock() : os::Fd();
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
  if (reader_ == Reader::kMissing) return keep();
  if (reader_ == Reader::kGone) return buffer_.clear();
  Octets rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = ::write(descriptor_, rest.data(), rest.size());
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {  // somebody else made our standard output non-blocking
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (n < 0 && errno == EPIPE) {
      return reader_lost(buffer_.size() - rest.size());
    } else if (n < 0 && errno != EINTR) {
      break;  // a full disk; mail goes on without these lines
    }
  }
  buffer_.clear();
}

void Activity::reader_lost(std::size_t written) {
  reader_ = lost_ && lost_() ? Reader::kMissing : Reader::kGone;
  if (reader_ == Reader::kGone) return buffer_.clear();
  if (written > 0) buffer_.erase(0, buffer_.rfind('\n', written - 1) + 1);  // its successor begins with a whole line
  keep();
}

void Activity::keep() {
  std::size_t end = dropped_ > 0 ? kept_ : buffer_.size();
  if (end > most_kept_) end = buffer_.rfind('\n', most_kept_ - 1) + 1;
  if (end == buffer_.size()) return;
  dropped_ +=
      static_cast<std::size_t>(std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(end), buffer_.end(), '\n'));
  buffer_.resize(kept_ = end);
}

void Activity::replace(os::Fd end) {
  if (::dup3(end.get(), descriptor_, O_CLOEXEC) < 0)
    return os::say("alert", "qmail-send", os::with_errno("cannot write to the new logger"));
  end.reset();
  reader_ = Reader::kReads;
  if (const std::size_t lines = std::exchange(dropped_, 0); lines > 0)
    lines_.scheduler_warning(buffer_, fmt::format("there was no logger: {} lines of this record are lost", lines));
  flush();
}

}  // namespace sluice::scheduler
