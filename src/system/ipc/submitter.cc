#include "system/ipc/submitter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/link/doors.h"
#include "system/net/socket.h"

namespace sluice::ipc {

namespace {

constexpr Duration kShortestRest{50}, kLongestRest{1000};  // between tries to reach an intake

}  // namespace

Submitter::Submitter(net::Loop& loop, Offers offers, link::Role self, Callbacks callbacks, std::size_t first)
    : loop_(loop), offers_(std::move(offers)), self_(self), callbacks_(std::move(callbacks)), choice_(first) {
  take_offers();
}

Submitter::Submitter(net::Loop& loop, const std::vector<std::string>& intakes, link::Role self, Callbacks callbacks,
                     std::size_t first)
    : loop_(loop), self_(self), callbacks_(std::move(callbacks)), choice_(first) {
  for (const std::string& path : intakes) intake_at(path);
}

Submitter::~Submitter() { *alive_ = false; }

std::optional<std::size_t> Submitter::choose(std::size_t group) {
  refresh();
  states_.resize(intakes_.size());
  for (std::size_t queue = 0; queue < intakes_.size(); ++queue) {
    const Link* const link = reach(queue);
    states_[queue] = intakes_[queue].state;
    states_[queue].open = link != nullptr;
    if (link != nullptr && link->congested()) states_[queue].load += select::kCongested;
    if (intakes_[queue].group != group) states_[queue].load += select::kOtherGroup;
  }
  const auto chosen = choice_.next(states_);
  // Counted at once, so that not every message until the next look goes to the same queue.
  if (chosen) intakes_[*chosen].state.load += intakes_[*chosen].state.step;
  return chosen;
}

void Submitter::refresh() {
  if (offers_ && loop_.now() >= offers_fresh_until_) take_offers();
}

void Submitter::take_offers() {
  offers_fresh_until_ = loop_.now() + kFresh;
  for (Intake& intake : intakes_) intake.offered = false;
  for (const Offer& offer : offers_()) {
    Intake& intake = intake_at(offer.intake);
    intake.offered = true;
    intake.state = offer.state;
    intake.group = offer.group;
  }
  for (std::size_t queue = 0; queue < intakes_.size(); ++queue)
    if (!intakes_[queue].offered && intakes_[queue].link && !has_pending(queue)) drop_link(intakes_[queue]);
}

// There are few queues, and a path is looked for a few times a second.
Submitter::Intake& Submitter::intake_at(const std::string& path) {
  const auto found =
      std::find_if(intakes_.begin(), intakes_.end(), [&](const Intake& intake) { return intake.path == path; });
  if (found != intakes_.end()) return *found;
  intakes_.push_back({.path = path, .state = {}, .link = nullptr});
  return intakes_.back();
}

bool Submitter::has_pending(std::size_t queue) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const auto& each) { return each.second.queue == queue; });
}

// We may have been called by the link: it must outlive the call.
void Submitter::drop_link(Intake& intake) {
  intake.shut = false;
  loop_.at_turn_end([link = std::shared_ptr<Link>(std::move(intake.link))] {});
}

bool Submitter::congested(std::size_t queue) const { return intakes_[queue].link && intakes_[queue].link->congested(); }

bool Submitter::congested() const {
  bool any = false;
  for (const Intake& intake : intakes_) {
    if (!intake.link) continue;
    if (!intake.link->congested()) return false;
    any = true;
  }
  return any;
}

Submitter::Token Submitter::submit(std::size_t queue, Octets envelope, Octets body, OnAnswer on_answer,
                                   const std::optional<link::SubmitFor>& whom) {
  refresh();
  Link* const link = reach(queue);
  if (link == nullptr) return 0;
  if (whom) link->send(*whom);
  link->send(link::Submit{++last_token_, envelope, body});
  pending_.emplace(last_token_, Pending{queue, false, std::move(on_answer)});
  return last_token_;
}

Submitter::Token Submitter::open(std::size_t queue, Octets envelope, OnAnswer on_answer,
                                 const std::optional<link::SubmitFor>& whom) {
  refresh();
  Link* const link = reach(queue);
  if (link == nullptr) return 0;
  if (whom) link->send(*whom);
  link->send(link::SubmitOpen{++last_token_, envelope});
  pending_.emplace(last_token_, Pending{queue, true, std::move(on_answer)});
  return last_token_;
}

void Submitter::data(Token token, Octets octets) {
  const auto found = pending_.find(token);
  if (found == pending_.end() || !found->second.opened) return;
  // A frame has a greatest length; half of it leaves room for the token.
  constexpr std::size_t kPiece = link::kMaximumPayload / 2;
  for (std::size_t at = 0; at < octets.size(); at += kPiece)
    intakes_[found->second.queue].link->send(link::SubmitData{token, octets.substr(at, kPiece)});
}

void Submitter::end(Token token) {
  const auto found = pending_.find(token);
  if (found == pending_.end() || !found->second.opened) return;
  found->second.opened = false;
  intakes_[found->second.queue].link->send(link::SubmitEnd{token});
}

void Submitter::abort(Token token) {
  const auto found = pending_.find(token);
  if (found == pending_.end() || !found->second.opened) return;
  const std::size_t queue = found->second.queue;
  intakes_[queue].link->send(link::SubmitAbort{token});
  pending_.erase(found);
  leave_if_shut(queue);
}

void Submitter::forget(Token token) {
  abort(token);
  const auto found = pending_.find(token);
  if (found == pending_.end()) return;
  const std::size_t queue = found->second.queue;
  pending_.erase(found);
  leave_if_shut(queue);
}

Link* Submitter::reach(std::size_t queue) {
  Intake& intake = intakes_[queue];
  if (!intake.offered) return nullptr;
  if (!intake.link && loop_.now() >= intake.rest_until) connect(queue);
  return intake.shut ? nullptr : intake.link.get();
}

void Submitter::connect(std::size_t queue) {
  Intake& intake = intakes_[queue];
  auto socket = net::connect_path(intake.path, /*wait=*/false);
  if (!socket) {
    rest(intake);
    offers_fresh_until_ = {};
    if (!intake.silent) callbacks_.report("warn", socket.error().what);
    intake.silent = true;
    return;
  }
  const link::Hello self{.role = self_, .pid = static_cast<std::uint32_t>(::getpid())};
  intake.link = std::make_unique<Link>(
      loop_, std::move(*socket), self,
      Link::Callbacks{.hello =
                          [this, queue](const link::Hello&) {
                            Intake& known = intakes_[queue];
                            if (known.silent) callbacks_.report("info", known.path + " takes messages again");
                            known.rest = Duration{0};
                            known.silent = false;
                          },
                      .frame = [this, queue](const link::Frame& frame) { return receive(queue, frame); },
                      .closed = [this, queue](const std::string& why) { lose(queue, why); },
                      .drained =
                          [this] {
                            if (callbacks_.drained) callbacks_.drained();
                          }});
}

bool Submitter::receive(std::size_t queue, const link::Frame& frame) {
  if (frame.type == link::FrameType::kDoorShut) {
    const auto shut = link::DoorShut::decode(frame.payload);
    if (!shut) return false;
    intakes_[queue].shut = true;
    leave_if_shut(queue);
    return true;
  }
  if (frame.type == link::FrameType::kSubmitted) {
    const auto submitted = link::Submitted::decode(frame.payload);
    if (submitted) settle(queue, submitted->token, submitted->id);
    return submitted.has_value();
  }
  if (frame.type == link::FrameType::kSubmitRefused) {
    const auto refused = link::SubmitRefused::decode(frame.payload);
    if (refused) settle(queue, refused->token, fail(Refusal{refused->permanent, std::string(refused->text)}));
    return refused.has_value();
  }
  return false;
}

// An answer to a token that is not pending here was forgotten, or is none of this queue's business.
void Submitter::settle(std::size_t queue, Token token, const Answer& answer) {
  const auto found = pending_.find(token);
  if (found == pending_.end() || found->second.queue != queue) return;
  const OnAnswer on_answer = std::move(found->second.on_answer);
  pending_.erase(found);
  leave_if_shut(queue);
  on_answer(answer);
}

void Submitter::leave_if_shut(std::size_t queue) {
  Intake& intake = intakes_[queue];
  if (!intake.shut || !intake.link || has_pending(queue)) return;
  intake.link->close_after_flush();
  drop_link(intake);
  intake.silent = true;  // that is no failure
  rest(intake);
}

void Submitter::lose(std::size_t queue, const std::string& why) {
  if (!intakes_[queue].link) return;  // dropped
  drop_link(intakes_[queue]);
  rest(intakes_[queue]);
  if (offers_) take_offers();
  Intake& intake = intakes_[queue];
  // A queue that takes no more messages has closed its door.
  if (!intake.silent && intake.offered) callbacks_.report("warn", fmt::format("{}: {}", intake.path, why));
  intake.silent = intake.offered;

  std::vector<Token> lost;
  for (const auto& [token, pending] : pending_)
    if (pending.queue == queue) lost.push_back(token);
  std::sort(lost.begin(), lost.end());
  const auto alive = alive_;  // an answer may end the program's use of us
  for (const Token token : lost) {
    if (!*alive) return;
    settle(queue, token, fail(Refusal{false, "the link to the queue was lost"}));
  }
  if (*alive && callbacks_.drained) callbacks_.drained();  // nobody need hold back for this queue any more
}

void Submitter::rest(Intake& intake) {
  intake.rest = std::clamp(intake.rest * 2, kShortestRest, kLongestRest);
  intake.rest_until = loop_.now() + intake.rest;
}

}  // namespace sluice::ipc
