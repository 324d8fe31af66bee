#include "open_doors.h"

#include "system/net/socket.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kBetweenLooks{10}, kPatience{5'000};

}  // namespace

OpenDoors::OpenDoors(net::Loop& loop, std::vector<std::string> intakes, std::function<void()> then)
    : loop_(loop),
      closed_(std::move(intakes)),
      then_(std::move(then)),
      deadline_(loop.now() + kPatience),
      timer_(loop, [this] { look(); }) {
  timer_.set_after(kBetweenLooks);
}

void OpenDoors::look() {
  std::erase_if(closed_, [](const std::string& path) { return net::connect_path(path, /*wait=*/false).has_value(); });
  if (!closed_.empty() && loop_.now() < deadline_) return timer_.set_after(kBetweenLooks);
  then_();
}

}  // namespace sluice::supervisor
