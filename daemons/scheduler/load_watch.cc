#include "load_watch.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kBetweenLooks{5000};  // as often as the kernel computes it

}  // namespace

void LoadWatch::watch(bool wanted, const std::string& source) {
  load_.set_source(source);
  const bool begins = wanted && !wanted_;
  wanted_ = wanted;
  if (begins) timer_.set_after(Duration::zero());
}

void LoadWatch::look() {
  if (!wanted_) return;
  if (tell_) tell_(load_.at(loop_.now()).value_or(0));
  timer_.set_after(kBetweenLooks);
}

}  // namespace sluice::scheduler
