// The load average of the machine, told every few seconds while somebody wants to know (load.queue).
#pragma once

#include <functional>

#include "system/net/loop.h"

namespace sluice::scheduler {

class LoadWatch {
 public:
  explicit LoadWatch(net::Loop& loop) : timer_(loop, [this] { look(); }) {}

  // Who is told; nobody before this.
  void on_load(std::function<void(double)> tell) { tell_ = std::move(tell); }
  // From now on, or no more.
  void watch(bool wanted);

 private:
  void look();

  net::Timer timer_;
  std::function<void(double)> tell_;
  bool wanted_ = false;
};

}  // namespace sluice::scheduler
