// Knocks: the message queue of a dynamic queue, in which clients say what they have put into its todo directory. What
// they say is a hint and no more: the queue may be full, missing or made anew at any time, and may hold anything.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/link/queue_counts.h"
#include "system/ipc/message_queue.h"
#include "system/net/loop.h"

namespace sluice::todo {

class Knocks {
 public:
  // name: with its slash. Calls `knocked` in the loop, once, when messages have come since next() gave nothing.
  Knocks(net::Loop& loop, std::string name, std::function<void()> knocked);
  ~Knocks() { *alive_ = false; }

  // The next message; nothing if none waits.
  std::optional<link::TodoMessage> next();
  // Calls `knocked` again even if next() was not asked to the end.
  void wait();

  // Opens what has the name now, if that is not open. To be called from time to time.
  void reopen();

 private:
  bool is_current() const;

  net::Loop& loop_;
  const std::string name_;
  std::function<void()> knocked_;
  std::optional<ipc::MessageQueue> queue_;
  std::optional<boost::asio::posix::stream_descriptor> ready_;  // borrows the descriptor
  bool waiting_ = false, missing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::todo
