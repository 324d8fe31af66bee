#include "supervisor_link.h"

#include <unistd.h>

#include <algorithm>

namespace sluice::scheduler {

SupervisorLink::SupervisorLink(net::Loop& loop, os::Fd socket, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)), timer_(loop, [this] { tell(); }) {
  if (!socket) return;
  const link::Hello self{.role = link::Role::kScheduler, .pid = static_cast<std::uint32_t>(::getpid())};
  ipc::Link::Callbacks events{nullptr, [this](const link::Frame& frame) { return receive(frame); },
                              [this](const std::string&) {
                                // It was killed, and we are stopped by a signal, or it does not understand us: the
                                // queue works on without it. The link must outlive its own call.
                                timer_.cancel();
                                loop_.at_turn_end([link = std::shared_ptr<ipc::Link>(std::move(link_))] {});
                                callbacks_.gone();
                              }};
  events.descriptors = true;
  link_ = std::make_unique<ipc::Link>(loop, std::move(socket), self, std::move(events));
}

bool SupervisorLink::receive(const link::Frame& frame) {
  if (frame.type == link::FrameType::kNewNeighbour) {
    const auto neighbour = link::NewNeighbour::decode(frame.payload);
    os::Fd socket = link_->take_descriptor();
    if (!neighbour || !socket) return false;
    callbacks_.new_neighbour(neighbour->role, std::move(socket));
    return true;
  }
  if (frame.type == link::FrameType::kDrain) {
    const auto drain = link::Drain::decode(frame.payload);
    if (drain) callbacks_.drain(drain->on);
    return drain.has_value();
  }
  const auto pause = link::Pause::decode(frame.payload);
  if (frame.type != link::FrameType::kPause || !pause) return false;
  callbacks_.pause(pause->on);
  return true;
}

void SupervisorLink::changed() {
  if (link_ && !timer_.armed()) timer_.set(std::max(loop_.now(), not_before_));
}

void SupervisorLink::tell() {
  if (!link_) return;
  const link::QueueReport report = callbacks_.report();
  if (told_ == report) return;
  told_ = report;
  not_before_ = loop_.now() + kBetweenReports;
  link_->send(report);
}

void SupervisorLink::lost(const link::NeighbourLost& loss) {
  if (link_) link_->send(loss);
}

void SupervisorLink::drained() {
  if (!link_) return;
  tell();
  link_->send(link::Drained{});
}

}  // namespace sluice::scheduler
