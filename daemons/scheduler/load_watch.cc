#include "load_watch.h"

#include <cstdlib>

namespace sluice::scheduler {

namespace {

constexpr Duration kBetweenLooks{5000};  // as often as the kernel computes it

}  // namespace

void LoadWatch::watch(bool wanted) {
  const bool begins = wanted && !wanted_;
  wanted_ = wanted;
  if (begins) timer_.set_after(Duration::zero());
}

void LoadWatch::look() {
  if (!wanted_) return;
  double load = 0;
  if (tell_ && ::getloadavg(&load, 1) == 1) tell_(load);
  timer_.set_after(kBetweenLooks);
}

}  // namespace sluice::scheduler
