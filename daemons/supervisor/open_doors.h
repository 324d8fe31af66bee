// OpenDoors: waits until the queues take mail, so that the SMTP server, which is started then, has somewhere to put the
// first message.
#pragma once

#include <functional>

#include "system/net/loop.h"

namespace sluice::supervisor {

class OpenDoors {
 public:
  // Calls `then` once, from the loop: when `open` is true, or after a few seconds, because a queue that does not come
  // up must not keep the others from taking mail.
  OpenDoors(net::Loop& loop, std::function<bool()> open, std::function<void()> then);
  void give_up() { timer_.cancel(); }  // `then` is not called any more

 private:
  void look();

  net::Loop& loop_;
  std::function<bool()> open_;
  std::function<void()> then_;
  const MonoTime deadline_;
  net::Timer timer_;
};

}  // namespace sluice::supervisor
