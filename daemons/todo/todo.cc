#include "todo.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/link/doors.h"
#include "core/queue/envelope_codec.h"
#include "core/route/duplicates.h"

namespace sluice::todo {

namespace {

link::Hello self() { return {.role = link::Role::kTodo, .pid = static_cast<std::uint32_t>(::getpid())}; }

}  // namespace

Todo::Todo(net::Loop& loop, route::Router router, LoadRouter reload, TodoDoor::Mode mode, TodoDoor::Place place,
           os::Fd scheduler, os::Fd intake)
    : router_(std::move(router)),
      reload_(std::move(reload)),
      scheduler_(loop, std::move(scheduler), self(),
                 {nullptr, [this](const link::Frame& frame) { return from_scheduler(frame); },
                  [&loop](const std::string&) { loop.stop(); },
                  [this] {
                    if (!detached_) intake_.resume();
                  }}),
      intake_(loop, std::move(intake), self(),
              {nullptr, [this](const link::Frame& frame) { return from_intake(frame); },
               [&loop](const std::string&) { loop.stop(); }}),
      door_(loop, mode, std::move(place), [this](const link::Adopt& adopt) { intake_.send(adopt); }) {}

bool Todo::from_scheduler(const link::Frame& frame) {
  if (frame.type == link::FrameType::kResume) {
    const auto resume = link::Resume::decode(frame.payload);
    if (resume) {
      intake_.send(*resume);
      door_.open();  // qmail-send has taken what todo files must not be mixed up with
    }
    return resume.has_value();
  }
  if (frame.type == link::FrameType::kDetach) return detach(frame.payload);
  if (frame.type == link::FrameType::kQuiet) {  // it was not the end
    const auto order = link::Quiet::decode(frame.payload);
    if (order) door_.open();
    return order.has_value();
  }
  if (frame.type != link::FrameType::kReload) return false;
  reload();
  return true;
}

void Todo::reload() {
  if (auto router = reload_()) router_ = std::move(*router);
}

bool Todo::detach(Octets payload) {
  const auto order = link::Detach::decode(payload);
  if (!order) return false;
  detached_ = order->on;
  if (detached_)
    intake_.pause();
  else if (!scheduler_.congested())
    intake_.resume();
  return true;
}

bool Todo::from_intake(const link::Frame& frame) {
  if (frame.type == link::FrameType::kAnnounce) return announced(frame.payload);
  if (frame.type == link::FrameType::kQuiet) return quiet(frame.payload);
  if (frame.type != link::FrameType::kAdopted) return false;
  const auto adopted = link::Adopted::decode(frame.payload);
  if (adopted) door_.answered(*adopted);
  return adopted.has_value();
}

bool Todo::announced(Octets payload) {
  const auto announce = link::Announce::decode(payload);
  if (!announce) return false;
  admit(*announce);
  if (scheduler_.congested()) intake_.pause();
  return true;
}

bool Todo::quiet(Octets payload) {
  auto answer = link::Quiet::decode(payload);
  if (!answer) return false;
  answer->quiet = answer->quiet && door_.close_if_empty();
  scheduler_.send(*answer);
  return true;
}

void Todo::admit(const link::Announce& announced) {
  auto envelope = queue::decode_envelope(announced.envelope);
  if (!envelope) {
    const std::string text = fmt::format("malformed envelope: {}", queue::to_string(envelope.error()));
    scheduler_.send(link::Unreadable{announced.id, announced.next, text});
    return;
  }
  link::Admit admit;
  admit.id = announced.id;
  admit.next = announced.next;
  admit.arrival = announced.arrival;
  admit.uid = announced.uid;
  admit.pid = announced.pid;
  admit.body = announced.body;
  admit.routed.reserve(envelope->recipients.size());
  for (mail::Recipient& recipient : envelope->recipients) {
    auto route = router_.route(recipient.address);
    recipient.address = std::move(route.address);
    admit.routed.push_back({route.channel, std::move(recipient)});
  }
  route::remove_duplicates(admit.routed);
  envelope->recipients.clear();
  admit.envelope = std::move(*envelope);
  scheduler_.send(admit);
}

}  // namespace sluice::todo
