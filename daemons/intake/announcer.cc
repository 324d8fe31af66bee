#include "announcer.h"

#include "system/os/failure.h"

namespace sluice::intake {

void Announcer::resume(queue::Lsn from) {
  asked_ = true;
  behind_ = true;
  next_ = from;
  catch_up();
}

void Announcer::announce(std::span<const store::NewBody> bodies, std::span<const store::Stored> stored) {
  if (!asked_ || behind_) return;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (todo_->congested()) {
      behind_ = true;
      return;
    }
    const auto& s = stored[i];
    send({s.id, s.next, s.arrival, bodies[i].uid, bodies[i].pid, s.body, bodies[i].envelope});
  }
}

bool Announcer::catch_up() {
  if (!asked_ || !behind_) return true;
  const auto reached = writer_.replay(
      next_,
      [this](const store::Replayed& message) {
        send(message);
        return !todo_->congested();
      },
      [](const std::string& what) { os::say("alert", "qmail-intake", what); });
  if (!reached) {
    os::say("alert", "qmail-intake", reached.error().what);
    return false;
  }
  next_ = *reached;
  behind_ = next_ < writer_.end();
  return true;
}

void Announcer::send(const store::Replayed& message) {
  next_ = message.next;
  link::Announce announce;
  announce.id = message.id;
  announce.next = message.next;
  announce.arrival = message.arrival;
  announce.uid = message.uid;
  announce.pid = message.pid;
  announce.body = message.body;
  announce.envelope = message.envelope;
  todo_->send(announce);
}

}  // namespace sluice::intake
