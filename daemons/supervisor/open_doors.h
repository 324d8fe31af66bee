// OpenDoors: waits until the intake of every queue takes connections, so that the SMTP server, which is started then,
// has somewhere to put the first message.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "system/net/loop.h"

namespace sluice::supervisor {

class OpenDoors {
 public:
  // Calls `then` once, from the loop: when each of the sockets accepts, or after a few seconds, because a queue that
  // does not come up must not keep the others from taking mail.
  OpenDoors(net::Loop& loop, std::vector<std::string> intakes, std::function<void()> then);
  void give_up() { timer_.cancel(); }  // `then` is not called any more

 private:
  void look();

  net::Loop& loop_;
  std::vector<std::string> closed_;
  std::function<void()> then_;
  const MonoTime deadline_;
  net::Timer timer_;
};

}  // namespace sluice::supervisor
