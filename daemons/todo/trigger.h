// The fifo lock/trigger of a queue, which clients of the todo directory write to when they have put something there.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "system/net/loop.h"

namespace sluice::todo {

class Trigger {
 public:
  // Calls `pulled` in the loop after one or more writes. The error is a sentence; without its fifo a queue still looks
  // into todo from time to time.
  static Result<std::unique_ptr<Trigger>, std::string> open(net::Loop& loop, const std::string& queue_directory,
                                                            std::function<void()> pulled);
  ~Trigger() { *alive_ = false; }

 private:
  Trigger(net::Loop& loop, int fd, std::function<void()> pulled)
      : fifo_(loop.context(), fd), pulled_(std::move(pulled)) {}
  void wait();

  boost::asio::posix::stream_descriptor fifo_;
  std::function<void()> pulled_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::todo
