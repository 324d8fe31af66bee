#include "session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace sluice::remote {

namespace {

// What a server was silent in, in sendmail's words; nothing where silence is no trouble.
std::string_view phase_of(smtp::Step step) {
  switch (step) {
    case smtp::Step::kGreeting:
      return "greeting";
    case smtp::Step::kEhlo:
      return "EHLO";
    case smtp::Step::kHelo:
      return "HELO";
    case smtp::Step::kLhlo:
      return "LHLO";
    case smtp::Step::kReset:
      return "RSET";
    case smtp::Step::kMail:
      return "MAIL";
    case smtp::Step::kRcpt:
      return "RCPT";
    case smtp::Step::kData:
      return "DATA 354";
    case smtp::Step::kBody:
      return "message body";
    case smtp::Step::kFinal:
      return "DATA status";
    case smtp::Step::kQuit:
      return "QUIT";
    case smtp::Step::kIdle:
    case smtp::Step::kDead:
      break;
  }
  return {};
}

}  // namespace

Session::Session(net::Loop& loop, smtp::Protocol protocol, route::Target target,
                 const std::shared_ptr<const RemoteSettings>& settings, store::BodyReader& bodies, std::string& piece,
                 const mail::ClientTimeouts& timeouts, User& user)
    : loop_(loop),
      target_(std::move(target)),
      settings_(settings),
      bodies_(bodies),
      piece_(piece),
      timeouts_(timeouts),
      user_(&user),
      protocol_(settings->hello, protocol),
      since_(loop.now()),
      timer_(loop, [this] { time_is_up(); }) {}

std::shared_ptr<Session> Session::open(net::Loop& loop, os::Fd socket, smtp::Protocol protocol, route::Target target,
                                       const std::shared_ptr<const RemoteSettings>& settings, store::BodyReader& bodies,
                                       std::string& piece, const mail::ClientTimeouts& timeouts, User& user) {
  std::shared_ptr<Session> session(
      new Session(loop, protocol, std::move(target), settings, bodies, piece, timeouts, user));
  session->stream_ = net::Stream::adopt(loop, std::move(socket));
  session->stream_->set_high_water(kUnsent);
  Session* const self = session.get();  // its destructor closes the stream, after which no callback comes
  session->stream_->start({[self](Octets octets) { return self->receive(octets); },
                           [self](int) {
                             const auto held = self->shared_from_this();
                             self->protocol_.closed();
                             self->advance();
                           },
                           [self] {
                             const auto held = self->shared_from_this();
                             self->advance();
                           }});
  session->set_deadline(true);
  return session;
}

Session::~Session() {
  if (stream_) stream_->close();
}

void Session::deliver(mail::Envelope envelope, const queue::BodyRef& body, const mail::ClientTimeouts& timeouts) {
  const auto held = shared_from_this();
  timeouts_ = timeouts;
  encoder_ = {};
  body_ = body;
  position_ = 0;
  body_complete_ = false;
  ++messages_;
  recipients_ = envelope.recipients.size();
  const std::uint64_t size = envelope.line_form == mail::LineForm::kCrlf ? body.length : 0;
  const std::size_t unsent = stream_->output().size();
  protocol_.start({std::move(envelope), size}, stream_->output());
  if (watch_) tell_commands(unsent);
  stream_->flush_later();
  advance();
}

bool Session::reusable(MonoTime now) const {
  if (!protocol_.ready() || !stream_->is_open()) return false;
  const bool more = settings_->messages_per_session == 0 || messages_ < settings_->messages_per_session;
  return more && now - since_ < settings_->session_age;
}

void Session::quit() {
  const auto held = shared_from_this();
  if (protocol_.ready()) {
    if (watch_) watch_->say(watch_->watcher, mail::transcript::closing(target_.host));
    const std::size_t unsent = stream_->output().size();
    protocol_.quit(stream_->output());
    if (watch_) tell_commands(unsent);
    stream_->flush_later();
    set_deadline(true);
    return;
  }
  protocol_.closed();
  advance();
}

std::size_t Session::receive(Octets octets) {
  const auto held = shared_from_this();
  if (watch_) tell_server_lines(octets);
  const std::size_t unsent = stream_->output().size();
  protocol_.receive(octets, stream_->output());
  if (watch_) tell_commands(unsent);
  if (stream_->unsent() > 0) stream_->flush_later();
  advance();
  return octets.size();
}

// Acts on what the protocol has come to. The last call of it may be the end of this session's use.
void Session::advance() {
  if (ended_) return;
  const std::uint64_t before = position_;
  if (protocol_.body_wanted()) send_body();
  set_deadline(position_ != before);
  ended_ = protocol_.wait() == smtp::Step::kDead;
  if (ended_) stream_->close();
  if (protocol_.done()) return user_->session_settled(*this, protocol_.take_outcomes());
  if (ended_) return user_->session_ended(*this);
  if (protocol_.ready() && !greeted_) {
    greeted_ = true;
    return user_->session_ready(*this);
  }
}

void Session::send_body() {
  while (protocol_.body_wanted() && !stream_->congested() && stream_->is_open()) {
    if (!send_piece()) return;
    stream_->flush_later();
  }
}

bool Session::send_piece() {
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, body_.length - position_));
  if (length > 0) {
    const auto read = bodies_.read(body_, position_, piece_.data(), length);
    if (!read || *read == 0) {
      protocol_.body_failed(read ? "the stored message is shorter than it was" : read.error().what);
      return false;
    }
    encoder_.encode(Octets(piece_.data(), *read), stream_->output());
    position_ += *read;
  }
  if (position_ == body_.length) {
    encoder_.finish(stream_->output());
    body_complete_ = true;
    if (watch_) watch_->say(watch_->watcher, mail::transcript::told("."));
    protocol_.body_sent();
  }
  return true;
}

void Session::watch(std::uint64_t watcher, const Say& say) {
  watch_ = std::make_unique<Watch>(Watch{watcher, say, {}});
}

void Session::tell_server_lines(Octets octets) {
  watch_->server.add(octets, [this](Octets line) { watch_->say(watch_->watcher, mail::transcript::harmless(line)); });
}

// What was added to the output behind `from`: whole lines.
void Session::tell_commands(std::size_t from) {
  Octets commands = Octets(stream_->output()).substr(from);
  while (!commands.empty()) {
    const std::size_t end = commands.find("\r\n");
    watch_->say(watch_->watcher, mail::transcript::told(commands.substr(0, end)));
    commands.remove_prefix(end == Octets::npos ? commands.size() : end + 2);
  }
}

// The time of a step runs from its beginning, however many octets the server spends on a reply, so that one that sends
// a letter a minute does not hold us; only the body may take as long as there is progress.
void Session::set_deadline(bool progress) {
  const smtp::Step step = protocol_.wait();
  if (step == timed_step_ && !progress) return;
  timed_step_ = step;
  Duration limit = limit_of(step, timeouts_);
  // The replies to all RCPTs are one step: some allowance for servers that check each recipient elsewhere.
  if (step == smtp::Step::kRcpt) limit += Seconds{recipients_};
  deadline_ = limit == Duration::max() ? MonoTime::max() : loop_.now() + limit;
  if (deadline_ != MonoTime::max() && (!timer_.armed() || deadline_ < timer_.when())) timer_.set(deadline_);
}

void Session::time_is_up() {
  if (ended_ || deadline_ == MonoTime::max()) return;
  if (loop_.now() < deadline_) return timer_.set(deadline_);
  if (const std::string_view phase = phase_of(protocol_.wait()); !phase.empty())
    fmt::print(stderr, "notice: qmail-rspawn: timeout waiting for input from {} during client {}\n",
               mail::transcript::harmless(target_.host), phase);
  const auto held = shared_from_this();
  protocol_.timed_out();
  advance();
}

}  // namespace sluice::remote
