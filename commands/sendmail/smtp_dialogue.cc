#include "smtp_dialogue.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "first_try.h"

namespace sluice::sendmail {

namespace {

constexpr std::size_t kPiece = 64u << 10;
constexpr std::size_t kKeptInMemory = link::kLargeBody;

smtp::ServerSettings settings_for(const settings::Settings& from) {
  smtp::ServerSettings to;
  to.hostname = from.me;
  to.message = {.octets = from.databytes, .text_line = 0};
  to.recipients = from.smtp_max_recipients;
  to.errors = from.smtp_max_errors;
  to.hops = from.smtp_max_hops;
  to.command_line = from.smtp_max_command_line;
  to.bare_newlines = smtp::BareNewlines::kNormalize;
  to.chunking = false;  // lines are completed before they are read: octets cannot be counted
  to.extensions.dsn = true;
  return to;
}

bool write_all(int to, Octets octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(to, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

SmtpDialogue::SmtpDialogue(const Work& work)
    : work_(work),
      settings_(settings_for(work.settings)),
      session_(settings_, *this, *this, fmt::format("uid {}", ::getuid())) {}

int SmtpDialogue::run() {
  session_.greet(out_);
  std::array<char, kPiece> piece;
  while (send() && !session_.closed()) {
    const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return work_.fail(EX_IOERR, fmt::format("cannot read standard input: {}", std::strerror(errno)));
    if (count == 0) {
      session_.peer_closed();
      return EX_OK;
    }
    receive(Octets(piece.data(), static_cast<std::size_t>(count)));
  }
  return session_.closed() && out_.empty() ? EX_OK : EX_IOERR;
}

// Every LF that no CR stands before gets one.
void SmtpDialogue::receive(Octets input) {
  std::string lines;
  lines.reserve(input.size() + input.size() / 16);
  for (const char c : input) {
    if (c == '\n' && last_ != '\r') lines.push_back('\r');
    lines.push_back(c);
    last_ = c;
  }
  session_.receive(lines, out_);
}

bool SmtpDialogue::send() {
  const bool sent = write_all(STDOUT_FILENO, out_);
  if (sent) out_.clear();
  return sent;
}

std::optional<smtp::Reply> SmtpDialogue::check_message(const mail::Envelope& envelope) {
  envelope_ = envelope;
  envelope_.client.clear();  // nobody came over the network
  envelope_.line_form = mail::LineForm::kLf;
  // Whoever speaks SMTP does not wait for more than the reply.
  const mail::DeliveryMode mode = delivery_mode(work_);
  envelope_.mode = mode == mail::DeliveryMode::kInteractive ? mail::DeliveryMode::kBackground : mode;
  return std::nullopt;
}

SmtpDialogue::Trace SmtpDialogue::begin(const mail::Envelope&) {
  abort();
  return {.id = {}, .date = submission::new_stamp(work_.names).date};
}

void SmtpDialogue::classify(const mail::Importance& importance) {
  envelope_.precedence = importance.precedence;
  envelope_.urgency = importance.urgency;
}

void SmtpDialogue::write(Octets octets) {
  lines_.append(body_, octets);
  if (body_.size() > kKeptInMemory) keep(body_);
}

void SmtpDialogue::keep(Octets octets) {
  if (!rest_) rest_.reset(std::tmpfile());
  if (!rest_ || std::fwrite(octets.data(), 1, octets.size(), rest_.get()) != octets.size()) cannot_keep_ = true;
  body_.clear();
}

void SmtpDialogue::abort() {
  body_.clear();
  rest_.reset();
  lines_ = {};
  cannot_keep_ = false;
}

void SmtpDialogue::end() {
  lines_.finish(body_);
  const auto queued = submit();
  abort();
  if (queued) {
    const bool has_id = queued->door == submission::Queued::Door::kIntake;
    return session_.message_accepted(has_id ? fmt::format_int(queued->id.raw()).str() : "message", out_);
  }
  const submission::Refusal& refusal = queued.error();
  const smtp::Reply reply =
      refusal.permanent ? smtp::Reply{554, {5, 3, 0}, refusal.text} : smtp::Reply{451, {4, 3, 0}, refusal.text};
  session_.message_refused(reply, out_);
}

Result<submission::Queued, submission::Refusal> SmtpDialogue::submit() {
  if (!rest_ && !cannot_keep_) {
    submission::TextSource source(body_);
    return submission::submit(work_.doors, envelope_, source);
  }
  keep(body_);
  if (cannot_keep_ || std::fflush(rest_.get()) != 0 || ::lseek(fileno(rest_.get()), 0, SEEK_SET) != 0)
    return fail(submission::Refusal{false, "the message cannot be kept in a temporary file", 0});
  submission::HeadAndRest source("", fileno(rest_.get()));
  return submission::submit(work_.doors, envelope_, source);
}

int serve_smtp(const Work& work) { return SmtpDialogue(work).run(); }

}  // namespace sluice::sendmail
