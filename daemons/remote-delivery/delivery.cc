#include "delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "core/mail/transcript.h"
#include "delivery_text.h"

namespace sluice::remote {

Delivery::Delivery(Host& host, link::Deliver order)
    : host_(host),
      order_(std::move(order)),
      lane_(is_lmtp() ? "lmtp " + order_.destination : order_.destination),
      timeouts_(host.timeouts().overridden_by(order_.timeouts)),
      outcomes_(order_.envelope.recipients.size()),
      open_(outcomes_.size()) {
  std::iota(open_.begin(), open_.end(), std::size_t{0});
}

void Delivery::start() {
  if (order_.envelope.recipients.empty()) {
    outcomes_.resize(1);
    open_ = {0};
    return fail_rest({mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, "a delivery without recipients"});
  }
  session_ = host_.take_idle(lane_);
  if (!session_) return begin_search();
  session_->hand_to(*this);
  if (watched()) {
    session_->watch(order_.watcher, host_.transcript());
    say_connecting(session_->target(), true);
  } else {
    session_->unwatch();
  }
  deliver_by(*session_);
}

void Delivery::begin_search() {
  if (is_lmtp() && order_.destination.starts_with('/')) {
    targets_ = {{order_.destination, order_.destination}};
    return connect_next();
  }
  destination_ = route::parse_destination(order_.destination);
  if (!destination_) {
    // Without a route any more there is something to mend; without a domain there is nothing.
    if (is_lmtp())
      return fail_rest({mail::Verdict::kDeferred,
                        mail::Trouble::kUnreachable,
                        0,
                        {4, 3, 5},
                        "lmtproutes have no entry for this address any more"});
    return fail_rest({mail::Verdict::kFailed,
                      mail::Trouble::kNone,
                      0,
                      {5, 1, 2},
                      fmt::format("'{}' is no destination for mail", order_.destination)});
  }
  search_ = host_.search(*destination_, [this](TargetSearch::Result result) {
    if (!result) return fail_rest(result.error());
    targets_ = std::move(*result);
    host_.prefer_answering(targets_);
    connect_next();
  });
}

void Delivery::connect_next() {
  session_.reset();
  const Duration limit = time_to_connect();
  if (next_target_ == targets_.size() || (last_failure_ && limit <= Duration::zero())) return fail_rest(*last_failure_);
  if (watched() && (next_target_ == 0 || targets_[next_target_].host != targets_[next_target_ - 1].host))
    say_connecting(targets_[next_target_], false);
  const std::string& address = targets_[next_target_].address;
  const net::Endpoint to = address.starts_with('/') ? net::Endpoint::path(address).value_or(net::Endpoint())
                                                    : net::Endpoint::from_address(address, destination_->port);
  connecting_ = host_.connect(to, limit, [this](os::Fd socket, int code) { connected(std::move(socket), code); });
}

Duration Delivery::time_to_connect() {
  using enum mail::ClientWait;
  const bool first = order_.first_attempt && timeouts_[kFirstConnect] > Seconds::zero();
  const Duration one = timeouts_[first ? kFirstConnect : kConnect];
  if (timeouts_[kAllConnects] == Seconds::zero()) return one;
  if (!connecting_until_) connecting_until_ = host_.now() + timeouts_[kAllConnects];
  return std::min<Duration>(one, *connecting_until_ - host_.now());
}

void Delivery::connected(os::Fd socket, int code) {
  const auto attempt_that_calls = std::move(connecting_);
  if (watched()) say_tried(targets_[next_target_], code);
  if (code == 0) {
    session_ = host_.open(std::move(socket), is_lmtp() ? smtp::Protocol::kLmtp : smtp::Protocol::kSmtp,
                          targets_[next_target_], timeouts_, *this);
    if (watched()) session_->watch(order_.watcher, host_.transcript());
    return;
  }
  if (code == ETIMEDOUT) host_.note_silence(targets_[next_target_]);
  // What a server said is worth more to the reader of the log than that another did not answer.
  if (!last_failure_ || last_failure_->reply == 0) last_failure_ = not_connected(label(), code);
  ++next_target_;
  connect_next();
}

void Delivery::session_ready(Session& session) { deliver_by(session); }

// A copy of the envelope each time: should this session break, the next one needs it again.
void Delivery::deliver_by(Session& session) {
  mail::Envelope envelope = order_.envelope;
  if (open_.size() != envelope.recipients.size()) {
    envelope.recipients.clear();
    for (const std::size_t index : open_) envelope.recipients.push_back(order_.envelope.recipients[index]);
  }
  session.deliver(std::move(envelope), order_.body, timeouts_);
}

void Delivery::session_ended(Session& session) {
  unreachable_.clear();
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
  std::vector<std::size_t> unanswered;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool lost = session.broke_early() && outcomes[i] == session.ending();
    if (lost) unanswered.push_back(open_[i]);
    if (watched()) note_result(open_[i], outcomes[i]);
    tell(outcomes[i], session.target().address, session.body_complete());
    if (lost) last_failure_ = outcomes[i];
    outcomes_[open_[i]] = std::move(outcomes[i]);
  }
  open_ = std::move(unanswered);
  if (open_.empty() || !goes_on()) settle(std::move(session_));
}

// Whether another server is asked for the recipients that this one did not answer.
bool Delivery::goes_on() {
  if (targets_.empty()) {  // it was a reused session: its server is asked once more too
    session_.reset();
    begin_search();
    return true;
  }
  if (++next_target_ == targets_.size()) return false;
  connect_next();
  return true;
}

void Delivery::fail_rest(const mail::Outcome& outcome) {
  for (const std::size_t index : open_) {
    outcomes_[index] = outcome;
    if (watched() && index < order_.envelope.recipients.size()) note_result(index, outcome);
  }
  settle(nullptr);
}

void Delivery::settle(std::shared_ptr<Session> session) {
  for (std::string& line : results_) say(std::move(line));
  host_.settled(*this, std::move(session), std::move(outcomes_));
}

void Delivery::say_connecting(const route::Target& target, bool reused) {
  std::vector<mail::Recipient> recipients;
  for (const std::size_t index : open_) recipients.push_back(order_.envelope.recipients[index]);
  say(mail::transcript::connecting(recipients, target.host, is_lmtp() ? "lmtp" : "esmtp", reused));
}

void Delivery::say_tried(const route::Target& target, int code) {
  const std::string_view trouble = code == 0 ? "" : std::strerror(code);
  say(mail::transcript::trying(target.address, target.host, trouble, code == ETIMEDOUT));
  const bool silent = code == ETIMEDOUT || code == EHOSTUNREACH || code == ENETUNREACH || code == EHOSTDOWN;
  unreachable_ = code == 0 ? "" : mail::transcript::unreachable(target.host, trouble, silent);
}

// The line is told when everything is settled: until then another server may say something else.
void Delivery::note_result(std::size_t index, const mail::Outcome& outcome) {
  results_.resize(order_.envelope.recipients.size());
  results_[index] = mail::transcript::result(order_.envelope.recipients[index].address, outcome, unreachable_);
}

std::string Delivery::label() const {
  return label_of(targets_[next_target_], destination_ ? destination_->port : std::uint16_t{0});
}

}  // namespace sluice::remote
