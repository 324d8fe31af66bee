#include "connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice::smtp_server {

namespace {

using Wait = smtp::ServerSession::Wait;

constexpr std::size_t kLargestRead = 128 << 10;
constexpr std::size_t kUnreadReplies = 64 << 10;
// Shorter than the ten minutes that clients wait for the reply to a message (RFC 5321 4.5.3.2.6), so that they hear
// from us and not of a timeout.
constexpr Duration kAnswerPatience = std::chrono::minutes(9);

std::string literal_of(const settings::Address& client) {
  return client.is_v4() ? fmt::format("[{}]", client.to_text()) : fmt::format("[IPv6:{}]", client.to_text());
}

const smtp::Reply kQueueTrouble{451, {4, 3, 0}, "The message could not be queued, try again later"};
const smtp::Reply kQueueRefuses{554, {5, 3, 0}, "The queue cannot take this message"};

}  // namespace

Connection::Connection(Means& means, std::shared_ptr<const Rules> rules, os::Fd socket, const settings::Address& client)
    : means_(means),
      rules_(std::move(rules)),
      client_(client),
      literal_(literal_of(client)),
      trusted_(rules_->trusts(client)),
      stream_(net::Stream::adopt(means.loop, std::move(socket))),
      handover_(means.handover, [this](const ipc::Submitter::Answer& answer) { answered(answer); }),
      session_(trusted_ ? rules_->trusted : rules_->others, *this, handover_, literal_) {
  stream_->set_largest_read(kLargestRead);
  stream_->set_high_water(kUnreadReplies);
}

Connection::~Connection() {
  if (stream_) stream_->close();
}

void Connection::start() {
  deadline_ = means_.loop.now() + rules_->command_timeout;
  if (has_rested()) greet();
}

// Before a greeting or a command. False: not yet; it comes back here.
bool Connection::has_rested() {
  if (!means_.slow || pace_ == Pace::kRested) {
    pace_ = Pace::kFree;
    return true;
  }
  if (pace_ == Pace::kResting) return false;
  pace_ = Pace::kResting;
  stream_->pause();
  if (!rest_) rest_ = std::make_unique<net::Timer>(means_.loop, [this] { rested(); });
  rest_->set_after(kRest);
  return false;
}

void Connection::rested() {
  if (ended_) return;
  pace_ = Pace::kRested;
  if (!greeted_) return greet();
  drained();  // reads on, unless something else forbids it
}

void Connection::greet() {
  greeted_ = true;
  pace_ = Pace::kFree;
  stream_->resume();
  stream_->send(fmt::format("220 {}\r\n", rules_->greeting));
  stream_->start({.receive = [this](Octets octets) { return receive(octets); },
                  .closed = [this](int code) { closed(code); },
                  .drained = [this] { drained(); }});
}

std::size_t Connection::receive(Octets octets) {
  if (means_.slow && session_.wait() == Wait::kCommand) {  // one line at a time
    if (!has_rested()) return 0;
    if (const std::size_t lf = octets.find('\n'); lf != Octets::npos) octets = octets.substr(0, lf + 1);
  }
  const std::size_t replies_from = stream_->output().size();
  session_.receive(octets, stream_->output());
  proceed(replies_from);
  return octets.size();
}

// The peer is gone. A message that waits for its answer is complete and may be durable: its answer is still logged.
void Connection::closed(int code) {
  if (ended_) return;
  if (code != 0) say(fmt::format("connection lost: {}", std::strerror(code)));
  if (session_.wants_pause()) return;
  session_.peer_closed();
  end();
}

void Connection::answered(const ipc::Submitter::Answer& answer) {
  if (ended_) return;
  const std::size_t replies_from = stream_->output().size();
  message_under_way_ = false;  // before the session goes on: what it holds may begin the next one
  if (answer) {
    if (rules_->log_accepted) log_accepted(*answer);
    session_.message_accepted(fmt::format_int(answer->raw()).str(), stream_->output());
  } else {
    say(fmt::format("message from <{}> not queued: {}", submission_.sender, answer.error().text));
    session_.message_refused(answer.error().permanent ? kQueueRefuses : kQueueTrouble, stream_->output());
  }
  proceed(replies_from);
}

// After every event: what was said is sent, and what comes next is waited for, or this was the end.
void Connection::proceed(std::size_t replies_from) {
  if (ended_) return;
  // Between BDAT chunks a message is under way too, unless it was refused.
  const bool message_is_over = message_under_way_ && session_.wait() == Wait::kCommand && !handover_.receiving();
  if (message_is_over) message_under_way_ = false;
  if (message_is_over || session_.closed()) log_ends(Octets(stream_->output()).substr(replies_from), message_is_over);
  if (!stream_->is_open()) {  // the client left before its answer came
    session_.peer_closed();
    return end();
  }
  stream_->flush_later();
  if (session_.closed()) return end();
  time_next_step();
  if (session_.wants_pause() || handover_.congested() || stream_->congested() || pace_ == Pace::kResting)
    stream_->pause();
  else
    stream_->resume();
}

void Connection::drained() {
  if (!ended_) proceed(stream_->output().size());
}

void Connection::shut_down() {
  if (ended_) return;
  const std::size_t replies_from = stream_->output().size();
  session_.shut_down(stream_->output());
  proceed(replies_from);
}

void Connection::time_next_step() {
  const MonoTime now = means_.loop.now();
  const Wait wait = session_.wait();
  switch (wait) {
    case Wait::kCommand:
      if (wait != waited_for_ || session_.commands() != commands_seen_) deadline_ = now + rules_->command_timeout;
      break;
    case Wait::kBody:
      if (wait != waited_for_ && !message_under_way_) message_deadline_ = now + rules_->message_timeout;
      deadline_ = now + rules_->data_timeout;
      break;
    case Wait::kAnswer:
      if (wait != waited_for_) deadline_ = now + kAnswerPatience;
      break;
  }
  waited_for_ = wait;
  commands_seen_ = session_.commands();
}

void Connection::check(MonoTime now) {
  if (ended_) return;
  const bool queue_is_slow = handover_.congested();  // no fault of the client's
  const bool in_message = message_under_way_ || session_.wait() == Wait::kBody;
  const MonoTime limit =
      in_message && session_.wait() != Wait::kAnswer ? std::min(deadline_, message_deadline_) : deadline_;
  if (queue_is_slow && now < limit + kAnswerPatience) return;
  if (now < limit) return;
  if (session_.wait() == Wait::kAnswer) {
    handover_.drop();
    return answered(fail(ipc::Refusal{false, "the queue did not answer in time"}));
  }
  say("timeout");
  const std::size_t replies_from = stream_->output().size();
  session_.timed_out(stream_->output());
  proceed(replies_from);
}

void Connection::end() {
  if (ended_) return;
  ended_ = true;
  handover_.drop();
  if (stream_->unsent() > kUnreadReplies) stream_->close();  // whoever has not read so much reads no more
  stream_->close_after_flush();
  means_.ended(*this, stream_->is_open() ? std::move(stream_) : nullptr);
}

std::optional<smtp::Reply> Connection::check_sender(const smtp::MailCommand&) { return std::nullopt; }

std::optional<smtp::Reply> Connection::check_recipient(const mail::Envelope& envelope, Octets address) {
  if (rules_->relay.accepts(address, trusted_, rules_->router)) return std::nullopt;
  say(fmt::format("relaying denied from <{}> to <{}>", envelope.sender, address));
  return smtp::Reply{550, {5, 7, 1}, "That domain is not among those for which this server takes mail"};
}

std::optional<smtp::Reply> Connection::check_message(const mail::Envelope& envelope) {
  auto refusal = handover_.prepare(envelope);
  if (refusal) {
    say(fmt::format("message from <{}> not taken: {}", envelope.sender, refusal->text));
    return refusal;
  }
  submission_ = {.sender = envelope.sender, .recipients = envelope.recipients.size()};
  message_under_way_ = true;
  message_deadline_ = means_.loop.now() + rules_->message_timeout;
  return std::nullopt;
}

smtp::Reply Connection::start_run(const smtp::EtrnCommand& command) {
  if (rules_->may_start_runs(client_)) return means_.etrn.start(command, literal_);
  say(fmt::format("ETRN {}: not allowed from this address", smtp::to_text(command)));
  return smtp::etrn_not_allowed(command);
}

// Ends that the operator wants to know of and that were decided by the session: a message that it refused, and a
// connection that it closed without being asked.
void Connection::log_ends(Octets replies, bool of_a_message) {
  while (!replies.empty()) {
    const Octets line = replies.substr(0, replies.find("\r\n"));
    const bool refusal = line.starts_with('5') && of_a_message;
    const bool farewell = line.starts_with("421") || line.starts_with("521");
    if (refusal || farewell) say(line);
    replies.remove_prefix(std::min(replies.size(), line.size() + 2));
  }
}

void Connection::log_accepted(queue::MessageId id) {
  means_.log.info(fmt::format("{} accepted {} from=<{}> octets={} recipients={}", literal_, id.raw(),
                              submission_.sender, handover_.octets(), submission_.recipients));
}

void Connection::say(std::string_view what) { means_.log.info(fmt::format("{} {}", literal_, what)); }

}  // namespace sluice::smtp_server
