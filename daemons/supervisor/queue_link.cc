#include "queue_link.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "announce.h"
#include "queue_start.h"

namespace sluice::supervisor {

QueueLink::QueueLink(net::Loop& loop, const Instance& instance, supervise::QueueSpec queue,
                     const layout::Owners& owners, Callbacks callbacks)
    : loop_(loop),
      instance_(instance),
      queue_(std::move(queue)),
      owners_(owners),
      callbacks_(std::move(callbacks)),
      paused_queues_(instance.run_directory),
      neighbours_(loop, instance_, queue_, owners_,
                  [this](link::Role role, os::Fd socket) { give(role, std::move(socket)); }) {
  paused_ = paused_queues_.contains(name());
}

std::string QueueLink::name() const { return queue_.directory.substr(queue_.directory.find_last_of('/') + 1); }

Result<pid_t, StartTrouble> QueueLink::start() {
  link_.reset();
  report_.reset();
  auto started = start_queue(instance_, queue_, owners_);
  if (!started) return fail(std::move(started.error()));
  const link::Hello self{.role = link::Role::kSupervisor, .pid = static_cast<std::uint32_t>(::getpid())};
  link_ = std::make_unique<ipc::Link>(
      loop_, std::move(started->link), self,
      ipc::Link::Callbacks{nullptr, [this](const link::Frame& frame) { return receive(frame); },
                           [this](const std::string& why) { closed(why); }});
  link_->send(link::Pause{paused_});
  if (draining_) link_->send(link::Drain{true});
  neighbours_.queue_started(started->pid);
  return started->pid;
}

void QueueLink::stop() { neighbours_.queue_ended(); }

bool QueueLink::ended(pid_t pid, int status) { return neighbours_.ended(pid, status); }

void QueueLink::drain(bool on) {
  if (std::exchange(draining_, on) != on && link_) link_->send(link::Drain{on});
}

Result<void, std::string> QueueLink::pause(bool on) {
  if (auto kept = paused_queues_.set(name(), on); !kept) return kept;
  if (std::exchange(paused_, on) == on) return {};
  announce(fmt::format("queue {} {}", queue_.directory, on ? "paused" : "resumed"));
  if (link_) link_->send(link::Pause{on});
  return {};
}

void QueueLink::give(link::Role role, os::Fd socket) {
  if (link_) link_->send(link::NewNeighbour{role}, std::move(socket));
}

bool QueueLink::receive(const link::Frame& frame) {
  switch (frame.type) {
    case link::FrameType::kQueueReport:
      report_ = link::QueueReport::decode(frame.payload);
      if (report_ && callbacks_.on_report) callbacks_.on_report(*report_);
      return report_.has_value();
    case link::FrameType::kNeighbourLost: {
      const auto lost = link::NeighbourLost::decode(frame.payload);
      if (!lost) return false;
      neighbours_.lost(*lost);
      if (callbacks_.on_lost) callbacks_.on_lost(*lost);
      return true;
    }
    case link::FrameType::kDrained: {
      const auto drained = link::Drained::decode(frame.payload);
      if (drained && callbacks_.on_drained) callbacks_.on_drained();
      return drained.has_value();
    }
    default:
      return false;
  }
}

void QueueLink::closed(const std::string&) {
  // We are called by the link: it must outlive the call.
  loop_.at_turn_end([link = std::shared_ptr<ipc::Link>(std::move(link_))] {});
  neighbours_.queue_ended();
  if (callbacks_.on_closed) callbacks_.on_closed();
}

void QueueLink::describe(nlohmann::json& object) const {
  object["paused"] = paused_;
  object["draining"] = draining_;
  if (auto neighbours = neighbours_.report(); !neighbours.empty()) object["neighbours"] = std::move(neighbours);
}

}  // namespace sluice::supervisor
