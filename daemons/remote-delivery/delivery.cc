#include "delivery.h"

#include <fmt/format.h>

#include <cerrno>

#include "delivery_text.h"

namespace sluice::remote {

void Delivery::start() {
  if (order_.envelope.recipients.empty())
    return fail_all({mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, "a delivery without recipients"});
  session_ = host_.take_idle(order_.destination);
  if (!session_) return begin_search();
  session_->hand_to(*this);
  // A copy: should the server have left, a fresh session needs the envelope again.
  session_->deliver(order_.envelope, order_.body);
}

void Delivery::begin_search() {
  destination_ = route::parse_destination(order_.destination);
  if (!destination_)
    return fail_all({mail::Verdict::kFailed,
                     mail::Trouble::kNone,
                     0,
                     {5, 1, 2},
                     fmt::format("'{}' is no destination for mail", order_.destination)});
  search_ = host_.search(*destination_, [this](TargetSearch::Result result) {
    if (!result) return fail_all(std::move(result.error()));
    targets_ = std::move(*result);
    host_.prefer_answering(targets_);
    connect_next();
  });
}

void Delivery::connect_next() {
  session_.reset();
  if (next_target_ == targets_.size()) return fail_all(std::move(*last_failure_));
  const net::Endpoint to = net::Endpoint::from_address(targets_[next_target_].address, destination_->port);
  connecting_ = host_.connect(to, [this](os::Fd socket, int code) { connected(std::move(socket), code); });
}

void Delivery::connected(os::Fd socket, int code) {
  const auto attempt_that_calls = std::move(connecting_);
  if (code == 0) {
    session_ = host_.open(std::move(socket), targets_[next_target_], *this);
    return;
  }
  if (code == ETIMEDOUT) host_.note_silence(targets_[next_target_]);
  // What a server said is worth more to the reader of the log than that another did not answer.
  if (!last_failure_ || last_failure_->reply == 0) last_failure_ = not_connected(label(), code);
  ++next_target_;
  connect_next();
}

void Delivery::session_ready(Session& session) { session.deliver(order_.envelope, order_.body); }

void Delivery::session_ended(Session& session) {
  if (!last_failure_ || last_failure_->reply == 0 || session.ending().reply != 0)
    last_failure_ = not_welcome(label(), session.ending());
  ++next_target_;
  connect_next();
}

void Delivery::session_settled(Session& session, std::vector<mail::Outcome> outcomes) {
  if (session.stale()) {  // so it was taken from the idle ones: a session of our own is never stale at its first job
    session_.reset();
    return begin_search();
  }
  for (mail::Outcome& outcome : outcomes) tell(outcome, session.target().address, session.body_complete());
  host_.settled(*this, std::move(session_), std::move(outcomes));
}

void Delivery::fail_all(mail::Outcome outcome) {
  std::vector<mail::Outcome> outcomes(std::max<std::size_t>(order_.envelope.recipients.size(), 1), outcome);
  host_.settled(*this, nullptr, std::move(outcomes));
}

std::string Delivery::label() const { return label_of(targets_[next_target_], destination_->port); }

}  // namespace sluice::remote
