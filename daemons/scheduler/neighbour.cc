#include "neighbour.h"

#include <unistd.h>

namespace sluice::scheduler {

Neighbour::Neighbour(net::Loop& loop, link::Role role, os::Fd socket, Callbacks callbacks)
    : loop_(loop), role_(role), callbacks_(std::move(callbacks)) {
  connect(std::move(socket));
  successor_ = false;
}

void Neighbour::connect(os::Fd socket) {
  disconnect();
  hello_ = {};
  successor_ = true;
  const link::Hello self{.role = link::Role::kScheduler, .pid = static_cast<std::uint32_t>(::getpid())};
  const auto present = [this, serial = ++serial_] { return serial == serial_; };
  ipc::Link::Callbacks events{
      [this, present](const link::Hello& hello) {
        if (!present()) return;
        hello_ = hello;
        if (hello.limit > 0) limit_ = hello.limit;
        callbacks_.hello();
      },
      [this, present](const link::Frame& frame) { return !present() || callbacks_.frame(frame); },
      [this, present](const std::string& why) {
        if (!present()) return;
        disconnect();
        callbacks_.lost(why);
      }};
  link_ = std::make_unique<ipc::Link>(loop_, std::move(socket), self, std::move(events));
}

// We may be called by the link: it must outlive the call, and has nothing to say any more.
void Neighbour::disconnect() {
  ++serial_;
  if (link_) loop_.at_turn_end([link = std::shared_ptr<ipc::Link>(std::move(link_))] {});
}

}  // namespace sluice::scheduler
