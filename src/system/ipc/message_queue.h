// A POSIX message queue of the machine, in which processes that know only its name leave short messages
// (core/link/queue_counts.h). Neither sending nor receiving ever waits. What arrives was written by other processes,
// and a message that is not in its place when the queue is full is the sender's to do without.
//
// Errors of make_message_queue() and open() are sentences for a log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "system/ipc/object_access.h"
#include "system/os/fd.h"

namespace sluice::ipc {

struct QueueLimits {
  std::uint32_t messages = 0;  // that wait at most; mq_maxmsg
  std::uint32_t octets = 0;    // of the largest; mq_msgsize
  friend bool operator==(const QueueLimits&, const QueueLimits&) = default;
};

class MessageQueue {
 public:
  enum class Use { kRead, kWrite };

  static Result<MessageQueue, std::string> open(const std::string& name, Use use);

  // False: the queue is full, or takes no message of that size.
  bool send(Octets message, unsigned priority);
  // The next message, the one of the highest priority first; it lies in the queue's own buffer until the next call.
  // Nothing: there is none, or it cannot be read.
  std::optional<Octets> receive();

  QueueLimits limits() const;
  // Readable when a message waits; for the event loop, which must not own it.
  int descriptor() const { return fd_.get(); }
  os::Fd release() { return std::move(fd_); }

 private:
  MessageQueue(os::Fd fd, std::size_t largest) : fd_(std::move(fd)), buffer_(largest, '\0') {}
  os::Fd fd_;
  std::string buffer_;
};

struct MadeMessageQueue {
  QueueLimits limits;    // that it has
  bool lowered = false;  // the system did not allow what was wanted
};

// Makes a message queue; or keeps the one that is there, with what is in it, if it has the owner and the limits that it
// should have, else it is removed and made anew. Where the system's own limits (/proc/sys/fs/mqueue, RLIMIT_MSGQUEUE)
// stand against `wanted` it gets what they allow.
Result<MadeMessageQueue, std::string> make_message_queue(const std::string& name, QueueLimits wanted,
                                                         const ObjectAccess& access);

// Removes the name. True also if there is none.
bool remove_message_queue(const std::string& name);

}  // namespace sluice::ipc
