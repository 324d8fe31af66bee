// The load average of the machine, told every few seconds while somebody wants to know (load.queue). While it cannot be
// read (load.source) it is told to be 0, so that no mail waits for a file.
#pragma once

#include <functional>
#include <string>

#include "system/net/loop.h"
#include "system/os/load_average.h"

namespace sluice::scheduler {

class LoadWatch {
 public:
  explicit LoadWatch(net::Loop& loop) : loop_(loop), timer_(loop, [this] { look(); }) {}

  // Who is told; nobody before this.
  void on_load(std::function<void(double)> tell) { tell_ = std::move(tell); }
  // From now on, or no more. source: as os::LoadAverage has it.
  void watch(bool wanted, const std::string& source);

 private:
  void look();

  net::Loop& loop_;
  os::LoadAverage load_{std::string()};
  net::Timer timer_;
  std::function<void(double)> tell_;
  bool wanted_ = false;
};

}  // namespace sluice::scheduler
