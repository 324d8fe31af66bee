#include "knocks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "system/os/failure.h"

namespace sluice::todo {

namespace {

constexpr int kSenseless = 64;  // messages that are passed over before others have their turn

}  // namespace

Knocks::Knocks(net::Loop& loop, std::string name, std::function<void()> knocked)
    : loop_(loop), name_(std::move(name)), knocked_(std::move(knocked)) {
  reopen();
}

std::optional<link::TodoMessage> Knocks::next() {
  for (int i = 0; queue_ && i < kSenseless; ++i) {
    const auto octets = queue_->receive();
    if (!octets) break;
    if (const auto message = link::TodoMessage::decode(*octets)) return message;
  }
  wait();
  return std::nullopt;
}

void Knocks::wait() {
  if (!ready_ || waiting_) return;
  waiting_ = true;
  ready_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this, alive = alive_](const boost::system::error_code& error) {
                       if (!*alive || error) return;
                       waiting_ = false;
                       knocked_();
                     });
}

// A name that was removed leaves its queue to those who have it open, and nobody else finds it.
bool Knocks::is_current() const {
  struct stat status {};
  return queue_ && ::fstat(queue_->descriptor(), &status) == 0 && status.st_nlink > 0;
}

void Knocks::reopen() {
  if (is_current()) return;
  if (ready_) ready_->release();
  ready_.reset();
  queue_.reset();
  waiting_ = false;
  auto queue = ipc::MessageQueue::open(name_, ipc::MessageQueue::Use::kRead);
  if (!queue) {
    if (!missing_) os::say("warn", "todo-proc", queue.error() + "; the todo directory is looked into without it");
    missing_ = true;
    return;
  }
  if (missing_) os::say("info", "todo-proc", fmt::format("message queue {} is there", name_));
  missing_ = false;
  queue_ = std::move(*queue);
  ready_.emplace(loop_.context(), queue_->descriptor());
  wait();
}

}  // namespace sluice::todo
