#include "watcher.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>

#include "system/os/failure.h"

namespace sluice::qtop {

Watcher::Watcher(Observer& observer, std::chrono::seconds interval)
    : observer_(observer), interval_(interval), ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!ready_) throw os::Fatal(111, os::with_errno("cannot make an event descriptor"));
  sigset_t all{}, before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Watcher::look_now() {
  const std::lock_guard lock(mutex_);
  now_ = true;
  woken_.notify_all();
}

std::optional<monitor::Snapshot> Watcher::take() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(ready_.get(), &count, sizeof count);
  return std::exchange(snapshot_, std::nullopt);
}

void Watcher::run(const std::stop_token& stop) {
  for (std::size_t looks = 1; !stop.stop_requested(); ++looks) {
    monitor::Snapshot snapshot = observer_.look(stop);
    {
      const std::lock_guard lock(mutex_);
      snapshot_ = std::move(snapshot);
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(ready_.get(), &one, sizeof one);
    }
    wait(stop, looks == 1 ? std::chrono::seconds(1) : interval_);
  }
}

void Watcher::wait(const std::stop_token& stop, std::chrono::seconds span) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, stop, span, [this] { return now_; });
  now_ = false;
}

}  // namespace sluice::qtop
