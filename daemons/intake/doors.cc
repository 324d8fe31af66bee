// Shutting the door: nobody can connect any more, and those who are connected are told. They end what they have begun
// and go. Who stays all the same is first refused, which sends him to another queue, and in the end put out.
#include "core/link/doors.h"

#include "intake.h"
#include "system/os/failure.h"

namespace sluice::intake {

namespace {

constexpr Duration kBetweenLooks{1'000};
constexpr Duration kTimeToHear{10'000};    // then links with nothing under way are closed and new messages refused
constexpr Duration kLongest{20 * 60'000};  // for a message that was begun; a client of SMTP has ten minutes a pause

}  // namespace

bool Intake::door(Octets payload) {
  const auto order = link::Door::decode(payload);
  if (!order) return false;
  reopening_ = order->open && !acceptor_ && !open_door();
  if (reopening_) away_.set_after(kBetweenLooks);
  if (!order->open && acceptor_) shut_door();
  if (order->serial != 0) todo_->send(link::Quiet{order->serial, is_quiet()});
  return true;
}

bool Intake::open_door() {
  // Whoever may submit mail may connect: the envelope is checked here and the submitter's uid is the kernel's word.
  auto listener = net::listen_path(socket_path_, 0666);
  if (!listener) {
    os::say("alert", "qmail-intake", listener.error().what);
    return false;
  }
  acceptor_.emplace(loop_, std::move(*listener),
                    [this](os::Fd socket, const net::Endpoint&) { add_submitter(std::move(socket)); });
  reopening_ = false;
  for (const auto& submitter : submitters_) submitter->door_shut = false;
  return true;
}

// The socket stays where it is: who finds it is refused by the kernel at once and tries another queue.
void Intake::shut_door() {
  acceptor_.reset();
  shut_since_ = loop_.now();
  for (const auto& submitter : submitters_)
    if (submitter != scheduler_) submitter->link->send(link::DoorShut{});
  away_.set_after(kBetweenLooks);
}

void Intake::send_away() {
  if (acceptor_) return;
  if (reopening_) {
    if (!open_door()) away_.set_after(kBetweenLooks);
    return;
  }
  const Duration shut = loop_.now() - shut_since_;
  if (shut >= kTimeToHear && submissions_.empty()) {
    for (auto next = submitters_.begin(); next != submitters_.end();) {
      const auto each = next++;
      const std::shared_ptr<Submitter>& submitter = *each;
      if (submitter == scheduler_) continue;
      submitter->door_shut = true;
      if (submitter->open.empty() || shut >= kLongest) submitters_.erase(each);
    }
  }
  if (submitters_.size() > 1) away_.set_after(kBetweenLooks);
}

bool Intake::is_quiet() const {
  return !acceptor_ && submitters_.size() == 1 && submissions_.empty() && !adopt_asked_ && adoptions_.empty() &&
         announcer_.done();
}

}  // namespace sluice::intake
