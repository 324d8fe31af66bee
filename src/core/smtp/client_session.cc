#include "core/smtp/client_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "core/mail/address.h"
#include "core/mail/report_rules.h"
#include "core/smtp/address.h"
#include "core/smtp/parameters.h"
#include "core/smtp/utf8.h"

namespace sluice::smtp {
namespace {

constexpr Octets kOutOfTurn = "the server answered before it was asked";

mail::Trouble trouble_of_loss(Step step) {
  const bool before_any_message =
      step == Step::kGreeting || step == Step::kEhlo || step == Step::kHelo || step == Step::kLhlo;
  return before_any_message ? mail::Trouble::kUnreachable : mail::Trouble::kConnection;
}

// Values that were taken from another client and stored: they must not break out of their parameter.
bool is_parameter_value(Octets value, bool utf8) {
  const bool plain = std::all_of(value.begin(), value.end(), [utf8](char c) {
    return (c > ' ' && c < 0x7f) || (utf8 && static_cast<unsigned char>(c) >= 0x80);
  });
  return !value.empty() && plain && (!utf8 || is_plain_utf8(value));
}

void append_notify(std::string& command, std::uint8_t bits) {
  if ((bits & mail::notify::kNever) != 0) return void(command.append(" NOTIFY=NEVER"));
  Octets separator = " NOTIFY=";
  const auto append = [&](std::uint8_t bit, Octets word) {
    if ((bits & bit) == 0) return;
    command.append(separator).append(word);
    separator = ",";
  };
  append(mail::notify::kSuccess, "SUCCESS");
  append(mail::notify::kFailure, "FAILURE");
  append(mail::notify::kDelay, "DELAY");
}

// What the sender called the recipient; where he did not say it but asked for reports, the address we were given (RFC
// 3461 5.2.1), so that they name one that he knows. `declared`: the message is SMTPUTF8 (RFC 6533 3).
void append_original_recipient(std::string& command, const mail::Recipient& recipient, bool declared) {
  std::string value = recipient.original_recipient;
  if (value.empty() && recipient.notify != 0 && is_ascii(recipient.address)) {
    value = "rfc822;" + mail::xtext_encoded(recipient.address);
    if (value.size() > kMaximumOriginalRecipient) return;
  }
  if (is_parameter_value(value, declared)) command.append(" ORCPT=").append(value);
}

}  // namespace

void ClientSession::receive(Octets input, std::string& out) {
  std::size_t expected = unanswered_;  // a reply to what we send from here on cannot be in `input` yet
  while (!input.empty() && step_ != Step::kDead) {
    const bool out_of_turn = expected == 0;
    // While nothing is asked a server may say why it leaves (421), or refuse a body before its end.
    const bool may_interrupt = step_ == Step::kIdle || step_ == Step::kBody;
    if (out_of_turn && !may_interrupt) return end(lost(mail::Trouble::kConnection, kOutOfTurn));
    const auto reply = parser_.read(input);
    if (!reply) return;
    if (!*reply) return end(lost(mail::Trouble::kConnection, to_string(reply->error())));
    if (!out_of_turn) --expected, --unanswered_;
    handle(**reply, out);
  }
}

void ClientSession::handle(const ServerReply& reply, std::string& out) {
  if (step_ == Step::kMail || step_ == Step::kRcpt || step_ == Step::kData) answered_ |= reply.code != 421;
  if (reply.code == 421 && step_ != Step::kQuit) return end(outcome_of(reply, step_));
  switch (step_) {
    case Step::kGreeting:
      return on_greeting(reply, out);
    case Step::kEhlo:
    case Step::kHelo:
    case Step::kLhlo:
      return on_hello(reply, out);
    case Step::kReset:
      if (!reply.positive()) return end(lost(mail::Trouble::kConnection, "the server refused RSET"));
      step_ = Step::kMail;
      if (!pipelined_) send_mail(out);
      return;
    case Step::kMail:
      return on_mail(reply, out);
    case Step::kRcpt:
      return on_rcpt(reply, out);
    case Step::kData:
      return on_data(reply, out);
    case Step::kBody:  // refused in the middle; how much of the body was read we cannot know
      return end(reply.positive() || reply.intermediate()
                     ? lost(mail::Trouble::kConnection, "the server answered before the end of the message")
                     : outcome_of(reply, Step::kFinal));
    case Step::kFinal:
      return on_final(reply);
    case Step::kIdle:
      return end(lost(mail::Trouble::kConnection, kOutOfTurn));
    case Step::kQuit:
      return end(lost(mail::Trouble::kNone, "the session was closed"));
    case Step::kDead:
      return;
  }
}

void ClientSession::on_greeting(const ServerReply& reply, std::string& out) {
  if (!reply.positive()) return end(outcome_of(reply, step_));
  const bool lmtp = protocol_ == Protocol::kLmtp;
  step_ = lmtp ? Step::kLhlo : Step::kEhlo;
  send(fmt::format("{} {}\r\n", lmtp ? "LHLO" : "EHLO", hello_), out);
}

void ClientSession::on_hello(const ServerReply& reply, std::string& out) {
  if (reply.positive()) {
    if (step_ != Step::kHelo) offers_ = parse_offers(reply.text);
    if (protocol_ == Protocol::kLmtp) offers_.dsn = false;
    step_ = Step::kIdle;
  } else if (reply.permanent() && step_ == Step::kEhlo) {
    step_ = Step::kHelo;
    send(fmt::format("HELO {}\r\n", hello_), out);
  } else {
    end(outcome_of(reply, step_));
  }
}

void ClientSession::start(Job job, std::string& out) {
  invariant(ready(), "a job is started on an SMTP session that is ready");
  job_ = std::move(job);
  ++jobs_;
  outcomes_.assign(job_.envelope.recipients.size(), {});
  settled_.assign(outcomes_.size(), false);
  wire_addresses_.assign(outcomes_.size(), {});
  answered_ = body_asked_ = false;
  pipelined_ = offers_.pipelining;
  active_ = true;
  if (parser_.in_progress()) return end(lost(mail::Trouble::kConnection, kOutOfTurn));
  settle_unsendable();
  asked_.clear();
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    if (!settled_[i]) asked_.push_back(i);
  }
  accepted_.clear();
  rcpts_answered_ = finals_answered_ = 0;
  if (asked_.empty()) return finish_job(needs_reset_);
  send_transaction(out);
}

namespace {

// As it may stand between < and >; empty: not at all. The sender of a double bounce is no mailbox, and every qmail
// sends it as it is: a server that will not have it may say so.
std::string sendable_sender(const std::string& sender) {
  return sender == mail::kDoubleBounceSender ? sender : sendable_address(sender);
}

}  // namespace

// Settles what this server cannot be asked for; the rest goes on the wire.
void ClientSession::settle_unsendable() {
  const mail::Envelope& envelope = job_.envelope;
  wire_sender_ = envelope.sender.empty() ? std::string() : sendable_sender(envelope.sender);
  if (!envelope.sender.empty() && wire_sender_.empty()) {
    return settle_rest(refused_here({5, 1, 7}, "sender address cannot be sent by SMTP"));
  }
  if (offers_.size_limit != 0 && job_.size > offers_.size_limit) {
    return settle_rest(refused_here({5, 3, 4}, fmt::format("message of {} octets is larger than the server's limit {}",
                                                           job_.size, offers_.size_limit)));
  }
  const mail::Outcome needs_utf8 = refused_here({5, 6, 7}, "message needs SMTPUTF8, which the server does not offer");
  if (!offers_.smtputf8 && (envelope.smtputf8 || !is_ascii(wire_sender_))) return settle_rest(needs_utf8);
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    wire_addresses_[i] = sendable_address(envelope.recipients[i].address);
    if (wire_addresses_[i].empty()) {
      settle(i, refused_here({5, 1, 3}, "recipient address cannot be sent by SMTP"));
    } else if (!offers_.smtputf8 && !is_ascii(wire_addresses_[i])) {
      settle(i, needs_utf8);
    }
  }
}

void ClientSession::send_transaction(std::string& out) {
  step_ = Step::kMail;
  if (std::exchange(needs_reset_, false)) {
    step_ = Step::kReset;
    send("RSET\r\n", out);
    if (!pipelined_) return;
  }
  send_mail(out);
  if (!pipelined_) return;
  for (const std::size_t index : asked_) send_rcpt(index, out);
  send("DATA\r\n", out);
}

void ClientSession::send(Octets command, std::string& out) {
  out.append(command);
  ++unanswered_;
}

void ClientSession::send_mail(std::string& out) {
  const mail::Envelope& envelope = job_.envelope;
  std::string command = fmt::format("MAIL FROM:<{}>", wire_sender_);
  if (offers_.size && job_.size != 0) fmt::format_to(std::back_inserter(command), " SIZE={}", job_.size);
  if (offers_.eight_bit_mime && envelope.eight_bit) command.append(" BODY=8BITMIME");
  const bool non_ascii =
      !is_ascii(wire_sender_) || !std::all_of(wire_addresses_.begin(), wire_addresses_.end(), is_ascii);
  if (offers_.smtputf8 && (envelope.smtputf8 || non_ascii)) command.append(" SMTPUTF8");
  if (offers_.dsn) {
    if (envelope.ret == mail::Return::kFull) command.append(" RET=FULL");
    if (envelope.ret == mail::Return::kHeaders) command.append(" RET=HDRS");
    if (is_parameter_value(envelope.envelope_id, false)) command.append(" ENVID=").append(envelope.envelope_id);
  }
  send(command.append("\r\n"), out);
}

void ClientSession::send_rcpt(std::size_t index, std::string& out) {
  const mail::Recipient& recipient = job_.envelope.recipients[index];
  std::string command = fmt::format("RCPT TO:<{}>", wire_addresses_[index]);
  if (offers_.dsn) {
    append_notify(command, recipient.notify);
    append_original_recipient(command, recipient, job_.envelope.smtputf8);
  }
  send(command.append("\r\n"), out);
}

void ClientSession::on_mail(const ServerReply& reply, std::string& out) {
  if (!reply.positive()) {
    settle_rest(outcome_of(reply, step_));
    if (!pipelined_) return finish_job(true);
  }
  step_ = Step::kRcpt;
  if (!pipelined_) send_rcpt(asked_.front(), out);
}

void ClientSession::on_rcpt(const ServerReply& reply, std::string& out) {
  const std::size_t index = asked_[rcpts_answered_++];
  if (!settled_[index]) {  // it is if MAIL was refused
    if (reply.positive()) {
      accepted_.push_back(index);
    } else {
      settle(index, outcome_of(reply, step_));
    }
  }
  if (rcpts_answered_ < asked_.size()) {
    if (!pipelined_) send_rcpt(asked_[rcpts_answered_], out);
    return;
  }
  step_ = Step::kData;
  if (pipelined_) return;
  if (accepted_.empty()) return finish_job(true);
  send("DATA\r\n", out);
}

void ClientSession::on_data(const ServerReply& reply, std::string& out) {
  if (reply.positive()) return end(lost(mail::Trouble::kConnection, "the server did not understand DATA"));
  if (!reply.intermediate()) {
    settle_rest(outcome_of(reply, step_));
    return finish_job(true);
  }
  body_asked_ = true;
  if (!accepted_.empty()) {
    step_ = Step::kBody;
  } else if (protocol_ == Protocol::kLmtp) {  // RFC 2033 4.2 forbids it, so how many replies would follow is unknown
    end(lost(mail::Trouble::kNone, "the server asked for a message without recipients"));
  } else {  // 354 although it accepted no recipient: an empty message for nobody gets us out of there
    step_ = Step::kFinal;
    send(".\r\n", out);
  }
}

void ClientSession::on_final(const ServerReply& reply) {
  if (reply.intermediate()) return end(lost(mail::Trouble::kConnection, "the server did not take the end of data"));
  const mail::Outcome outcome = told(outcome_of(reply, step_));
  if (protocol_ == Protocol::kSmtp || accepted_.empty()) {
    settle_rest(outcome);
    return finish_job(false);
  }
  settle(accepted_[finals_answered_++], outcome);
  if (finals_answered_ == accepted_.size()) finish_job(false);
}

// Of a recipient who has his message, also how far it came.
mail::Outcome ClientSession::told(mail::Outcome outcome) const {
  if (outcome.verdict != mail::Verdict::kDelivered) return outcome;
  outcome.reached = protocol_ == Protocol::kLmtp ? mail::Reached::kMailbox
                    : offers_.dsn                ? mail::Reached::kReporter
                                                 : mail::Reached::kServer;
  return outcome;
}

void ClientSession::body_sent() {
  if (step_ != Step::kBody) return;  // refused meanwhile
  step_ = Step::kFinal;
  unanswered_ += protocol_ == Protocol::kLmtp ? accepted_.size() : 1;
}

void ClientSession::body_failed(Octets why) {
  if (step_ == Step::kBody) end(lost(mail::Trouble::kNone, why));
}

void ClientSession::timed_out() {
  if (!usable()) return end(lost(mail::Trouble::kNone, "the session was closed"));
  end(lost(trouble_of_loss(step_), fmt::format("timed out waiting for the answer to {}", name_of(step_))));
}

void ClientSession::closed() {
  if (!usable()) return end(lost(mail::Trouble::kNone, "the session was closed"));
  if (step_ == Step::kIdle) return end(lost(mail::Trouble::kNone, "the server closed the idle connection"));
  end(lost(trouble_of_loss(step_), fmt::format("connection lost while waiting for the answer to {}", name_of(step_))));
}

void ClientSession::quit(std::string& out) {
  if (step_ != Step::kIdle) return;
  step_ = Step::kQuit;
  send("QUIT\r\n", out);
}

std::vector<mail::Outcome> ClientSession::take_outcomes() {
  done_ = false;
  return std::exchange(outcomes_, {});
}

void ClientSession::settle(std::size_t index, const mail::Outcome& outcome) {
  outcomes_[index] = outcome;
  settled_[index] = true;
}

void ClientSession::settle_rest(const mail::Outcome& outcome) {
  for (std::size_t i = 0; i < settled_.size(); ++i) {
    if (!settled_[i]) settle(i, outcome);
  }
}

void ClientSession::finish_job(bool transaction_open) {
  step_ = Step::kIdle;
  active_ = false;
  done_ = true;
  needs_reset_ = transaction_open;
}

void ClientSession::end(mail::Outcome why) {
  if (step_ == Step::kDead) return;
  step_ = Step::kDead;
  ending_ = std::move(why);
  if (!std::exchange(active_, false)) return;
  settle_rest(ending_);
  done_ = true;
}

}  // namespace sluice::smtp
