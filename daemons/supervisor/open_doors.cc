#include "open_doors.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kBetweenLooks{10}, kPatience{5'000};

}  // namespace

OpenDoors::OpenDoors(net::Loop& loop, std::function<bool()> open, std::function<void()> then)
    : loop_(loop),
      open_(std::move(open)),
      then_(std::move(then)),
      deadline_(loop.now() + kPatience),
      timer_(loop, [this] { look(); }) {
  timer_.set_after(kBetweenLooks);
}

void OpenDoors::look() {
  if (!open_() && loop_.now() < deadline_) return timer_.set_after(kBetweenLooks);
  then_();
}

}  // namespace sluice::supervisor
