#include "system/ipc/message_queue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <mqueue.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/link/queue_counts.h"

namespace sluice::ipc {

namespace {

// Messages of either kind.
constexpr std::uint32_t kSmallest = std::max(link::LoadMessage::kOctets, link::TodoMessage::kOctets);
// Larger ones are none of ours, and each reader needs room for one.
constexpr std::uint32_t kLargest = 1U << 20;
constexpr int kTries = 4;  // against somebody who makes and removes queues of our name

std::string trouble(const char* what, const std::string& name, int error) {
  return fmt::format("{} message queue {}: {}", what, name, std::strerror(error));
}

QueueLimits limits_of(const mq_attr& attributes) {
  return {static_cast<std::uint32_t>(attributes.mq_maxmsg), static_cast<std::uint32_t>(attributes.mq_msgsize)};
}

// RLIMIT_MSGQUEUE counts the octets of all message queues of a user. Who may raise it does, while it makes one; our
// children get the limit that we were given.
class RaisedLimit {
 public:
  RaisedLimit() {
    if (::getrlimit(RLIMIT_MSGQUEUE, &before_) != 0) return;
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    raised_ = ::setrlimit(RLIMIT_MSGQUEUE, &unlimited) == 0;
  }
  ~RaisedLimit() {
    if (raised_) ::setrlimit(RLIMIT_MSGQUEUE, &before_);
  }
  RaisedLimit(const RaisedLimit&) = delete;

 private:
  rlimit before_{};
  bool raised_ = false;
};

std::uint32_t system_limit(const char* name, std::uint32_t otherwise) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(fmt::format("/proc/sys/fs/mqueue/{}", name).c_str(), "re"), std::fclose);
  std::uint32_t value = 0;
  return file && std::fscanf(file.get(), "%u", &value) == 1 ? value : otherwise;
}

os::Fd make(const std::string& name, QueueLimits limits) {
  mq_attr attributes{};
  attributes.mq_maxmsg = static_cast<long>(limits.messages);
  attributes.mq_msgsize = static_cast<long>(limits.octets);
  return os::Fd(::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC, 0600, &attributes));
}

// The next smaller limits to try after `error`; nothing if smaller ones would not help.
std::optional<QueueLimits> lower(QueueLimits limits, int error) {
  constexpr QueueLimits kOfTheKernel{10, 8192};  // its defaults, where /proc does not tell
  if (error == EINVAL) {
    const QueueLimits lowered{std::min(limits.messages, system_limit("msg_max", kOfTheKernel.messages)),
                              std::min(limits.octets, system_limit("msgsize_max", kOfTheKernel.octets))};
    return lowered == limits ? std::nullopt : std::optional(lowered);
  }
  if (error != EMFILE && error != ENOMEM) return std::nullopt;
  if (limits.octets > 4 * kSmallest) return QueueLimits{limits.messages, 4 * kSmallest};
  if (limits.messages > 1) return QueueLimits{limits.messages / 2, limits.octets};
  return std::nullopt;
}

// Makes it with the greatest limits that the system allows; no descriptor and errno if it allows none.
os::Fd make_allowed(const std::string& name, QueueLimits& limits) {
  const RaisedLimit raised;
  for (;;) {
    os::Fd fd = make(name, limits);
    if (fd) return fd;
    const int error = errno;
    const auto lowered = lower(limits, error);
    errno = error;
    if (!lowered) return fd;
    limits = *lowered;
  }
}

bool is_as_wanted(const os::Fd& fd, QueueLimits wanted, const ObjectAccess& access) {
  struct stat status {};
  mq_attr attributes{};
  return fd && ::fstat(fd.get(), &status) == 0 && may_be_kept(status, access) &&
         ::mq_getattr(fd.get(), &attributes) == 0 && limits_of(attributes) == wanted;
}

}  // namespace

Result<MessageQueue, std::string> MessageQueue::open(const std::string& name, Use use) {
  const int direction = use == Use::kRead ? O_RDONLY : O_WRONLY;
  os::Fd fd(::mq_open(name.c_str(), direction | O_NONBLOCK | O_CLOEXEC));
  mq_attr attributes{};
  if (!fd || ::mq_getattr(fd.get(), &attributes) != 0) return fail(trouble("cannot open", name, errno));
  const QueueLimits limits = limits_of(attributes);
  if (limits.octets < kSmallest || limits.octets > kLargest)
    return fail(fmt::format("message queue {} is of no use: its messages have up to {} octets", name, limits.octets));
  return MessageQueue(std::move(fd), use == Use::kRead ? limits.octets : 0);
}

bool MessageQueue::send(Octets message, unsigned priority) {
  for (;;) {
    if (::mq_send(fd_.get(), message.data(), message.size(), priority) == 0) return true;
    if (errno != EINTR) return false;
  }
}

std::optional<Octets> MessageQueue::receive() {
  for (;;) {
    const ssize_t count = ::mq_receive(fd_.get(), buffer_.data(), buffer_.size(), nullptr);
    if (count >= 0) return Octets(buffer_).substr(0, static_cast<std::size_t>(count));
    if (errno != EINTR) return std::nullopt;
  }
}

QueueLimits MessageQueue::limits() const {
  mq_attr attributes{};
  return ::mq_getattr(fd_.get(), &attributes) == 0 ? limits_of(attributes) : QueueLimits{};
}

Result<MadeMessageQueue, std::string> make_message_queue(const std::string& name, QueueLimits wanted,
                                                         const ObjectAccess& access) {
  wanted.octets = std::clamp(wanted.octets, kSmallest, kLargest);
  wanted.messages = std::max(wanted.messages, 1U);
  for (int tried = 0; tried < kTries; ++tried) {
    const os::Fd existing(::mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (is_as_wanted(existing, wanted, access)) {
      if (const auto failed = give_access(existing.get(), access)) return fail(trouble("cannot set up", name, *failed));
      return MadeMessageQueue{wanted, false};
    }
    if ((existing || errno != ENOENT) && ::mq_unlink(name.c_str()) != 0 && errno != ENOENT)
      return fail(trouble("cannot make anew", name, errno));
    QueueLimits limits = wanted;
    const os::Fd made = make_allowed(name, limits);
    if (!made && errno == EEXIST) continue;
    if (!made) return fail(trouble("cannot make", name, errno));
    if (const auto failed = give_access(made.get(), access)) {
      ::mq_unlink(name.c_str());
      return fail(trouble("cannot set up", name, *failed));
    }
    return MadeMessageQueue{limits, limits != wanted};
  }
  return fail(fmt::format("message queue {} is made again and again by somebody else", name));
}

bool remove_message_queue(const std::string& name) { return ::mq_unlink(name.c_str()) == 0 || errno == ENOENT; }

}  // namespace sluice::ipc
