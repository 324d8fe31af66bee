#include "core/smtp/server_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/smtp/utf8.h"

namespace sluice::smtp {

ServerSession::ServerSession(const ServerSettings& settings, Policy& policy, MessageSink& sink, std::string client)
    : settings_(settings),
      policy_(policy),
      client_(std::move(client)),
      lines_(settings.command_line),
      receiver_(settings, sink) {}

void ServerSession::greet(std::string& out) {
  fmt::format_to(std::back_inserter(out), "220 {} {}\r\n", settings_.hostname, settings_.banner);
}

void ServerSession::receive(Octets input, std::string& out) {
  if (closed_) return;
  if (!held_.empty()) return hold(input, out);
  const std::size_t used = consume(input, out);
  if (!closed_ && used < input.size()) hold(input.substr(used), out);
}

// Reads until the input is used up, a message waits for its answer, or the session is over. Returns what it used.
std::size_t ServerSession::consume(Octets input, std::string& out) {
  consuming_ = true;
  Octets rest = input;
  while (!closed_ && mode_ != Mode::kAnswer && !rest.empty()) {
    switch (mode_) {
      case Mode::kCommands: {
        const LineReader::Read read = lines_.read(rest);
        switch (read.event) {
          case LineReader::Event::kNeedMore:
            break;
          case LineReader::Event::kLine:
            command(read.line, out);
            break;
          case LineReader::Event::kTooLong:
            refuse("500 5.5.2 Command line too long\r\n", out);
            break;
          case LineReader::Event::kBareCr:
            refuse("500 5.5.2 Bare CR: command lines end with CRLF\r\n", out);
            break;
          case LineReader::Event::kBareLf:
            refuse("500 5.5.2 Bare LF: command lines end with CRLF\r\n", out);
            break;
        }
        break;
      }
      case Mode::kData:
        rest.remove_prefix(receiver_.receive(rest));
        if (receiver_.ended()) finish_message(out);
        break;
      case Mode::kChunk: {
        const Octets chunk =
            rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), chunk_left_)));
        if (chunk_refusal_.empty()) receiver_.receive(chunk);
        rest.remove_prefix(chunk.size());
        chunk_left_ -= chunk.size();
        if (chunk_left_ == 0) end_chunk(out);
        break;
      }
      case Mode::kAnswer:
        break;
    }
  }
  consuming_ = false;
  return input.size() - rest.size();
}

void ServerSession::hold(Octets input, std::string& out) {
  if (held_.size() - held_used_ + input.size() > kMaximumHeld) {
    return close("421 4.7.0 Too much input before the reply\r\n", out);
  }
  if (held_used_ > held_.size() / 2) held_.erase(0, std::exchange(held_used_, 0));
  held_.append(input);
}

void ServerSession::consume_held(std::string& out) {
  held_used_ += consume(Octets(held_).substr(held_used_), out);
  if (held_used_ == held_.size()) held_.clear(), held_used_ = 0;
}

void ServerSession::command(Octets line, std::string& out) {
  ++commands_;
  const auto split = split_command(line);
  if (!split) return refuse("500 5.5.2 Control character in a command line\r\n", out);
  const auto& [verb, argument] = *split;
  const Ruling ruling = ruling_on(verb, stage_);
  if (verb == Verb::kBdat) return bdat(argument, settings_.chunking ? ruling : Ruling::kNotOffered, out);
  if (verb == Verb::kEtrn && !settings_.etrn) return refuse("502 5.7.0 ETRN is not offered here\r\n", out);
  if (ruling != Ruling::kAllowed) return refuse(refusal_of(ruling), out);
  const bool takes_nothing = verb == Verb::kData || verb == Verb::kRset || verb == Verb::kQuit;
  if (takes_nothing && !argument.empty()) return refuse(CommandError::kSyntax, verb, out);
  switch (verb) {
    case Verb::kHelo:
    case Verb::kEhlo:
      return hello(verb, argument, out);
    case Verb::kMail:
      return mail(argument, out);
    case Verb::kRcpt:
      return rcpt(argument, out);
    case Verb::kData:
      return data(out);
    case Verb::kRset:
      reset();
      out.append("250 2.0.0 Reset\r\n");
      return;
    case Verb::kNoop:
      out.append("250 2.0.0 Ok\r\n");
      return;
    case Verb::kQuit:
      reset();
      return close("221 2.0.0 Bye\r\n", out);
    case Verb::kVrfy:
      out.append("252 2.5.2 Cannot verify, but will take mail for it and try\r\n");
      return;
    case Verb::kHelp:
      fmt::format_to(std::back_inserter(out),
                     "214 2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY {}HELP: see RFC 5321\r\n",
                     settings_.etrn ? "ETRN " : "");
      return;
    case Verb::kEtrn:
      return etrn(argument, out);
    case Verb::kBdat:
    case Verb::kExpn:
    case Verb::kStartTls:
    case Verb::kAuth:
    case Verb::kUnknown:
      return refuse(refusal_of(Ruling::kNotOffered), out);
  }
}

void ServerSession::hello(Verb verb, Octets argument, std::string& out) {
  auto name = parse_hello(argument);
  if (!name) return refuse("501 5.5.4 Say who you are: a host name must follow\r\n", out);
  reset();
  stage_ = Stage::kGreeted;
  hello_ = std::move(*name);
  extended_ = verb == Verb::kEhlo;
  const auto to = std::back_inserter(out);
  if (!extended_) return void(fmt::format_to(to, "250 {}\r\n", settings_.hostname));
  fmt::format_to(to, "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n", settings_.hostname,
                 settings_.message.octets);
  if (settings_.extensions.smtputf8) out.append("250-SMTPUTF8\r\n");
  if (settings_.extensions.dsn) out.append("250-DSN\r\n");
  if (settings_.chunking) out.append("250-CHUNKING\r\n");
  if (settings_.etrn) out.append("250-ETRN\r\n");
  out.append("250-ENHANCEDSTATUSCODES\r\n250 HELP\r\n");
}

void ServerSession::mail(Octets argument, std::string& out) {
  auto parsed = parse_mail(argument, settings_.extensions);
  if (!parsed) return refuse(parsed.error(), Verb::kMail, out);
  if (parsed->sender.non_ascii && !parsed->smtputf8) return refuse(CommandError::kBadUtf8, Verb::kMail, out);
  const std::uint64_t limit = settings_.message.octets;
  if (limit != 0 && parsed->size.value_or(0) > limit) {
    return refuse("552 5.3.4 Message is larger than this server allows\r\n", out);
  }
  if (const auto refusal = policy_.check_sender(*parsed)) return refuse(*refusal, out);
  envelope_ = {};
  envelope_.sender = std::move(parsed->sender.address);
  envelope_.eight_bit = parsed->eight_bit;
  envelope_.smtputf8 = parsed->smtputf8;
  envelope_.ret = parsed->ret;
  envelope_.envelope_id = std::move(parsed->envelope_id);
  envelope_.client = client_;
  envelope_.mode = settings_.mode;
  stage_ = Stage::kSender;
  out.append("250 2.1.0 Sender ok\r\n");
}

void ServerSession::rcpt(Octets argument, std::string& out) {
  auto parsed = parse_rcpt(argument, settings_.extensions);
  if (!parsed) return refuse(parsed.error(), Verb::kRcpt, out);
  if (parsed->recipient.non_ascii && !envelope_.smtputf8) return refuse(CommandError::kBadUtf8, Verb::kRcpt, out);
  if (!is_ascii(parsed->original_recipient) && !envelope_.smtputf8) {  // RFC 6533 3
    return refuse(CommandError::kBadParameter, Verb::kRcpt, out);
  }
  if (envelope_.recipients.size() >= settings_.recipients) {
    return refuse("452 4.5.3 Too many recipients, send the message to the others again\r\n", out);
  }
  std::string& address = parsed->recipient.address;
  if (address == "postmaster") address.append("@").append(settings_.hostname);
  if (const auto refusal = policy_.check_recipient(envelope_, address)) return refuse(*refusal, out);
  envelope_.recipients.push_back({std::move(address), parsed->notify, std::move(parsed->original_recipient)});
  stage_ = Stage::kRecipients;
  out.append("250 2.1.5 Recipient ok\r\n");
}

void ServerSession::data(std::string& out) {
  if (const auto refusal = policy_.check_message(envelope_)) return refuse(*refusal, out);
  out.append("354 End data with <CR><LF>.<CR><LF>\r\n");
  begin_message(Framing::kDots);
  mode_ = Mode::kData;
}

void ServerSession::etrn(Octets argument, std::string& out) {
  const auto command = parse_etrn(argument);
  if (!command) return refuse(etrn_refusal(command.error()), out);
  const Reply reply = policy_.start_run(*command);
  if (reply.code >= 400) return refuse(reply, out);
  append_reply(out, reply);
}

// A chunk that may not come now is still followed by its octets, so it is swallowed and refused afterwards. When its
// size cannot be read nobody knows where the next command starts: then the session ends.
void ServerSession::bdat(Octets argument, Ruling ruling, std::string& out) {
  const auto chunk = parse_bdat(argument);
  if (!chunk) return close("521 5.5.4 Syntax error in BDAT\r\n", out);
  chunk_left_ = chunk->size;
  chunk_last_ = chunk->last;
  if (ruling != Ruling::kAllowed) {
    chunk_refusal_ = refusal_of(ruling);
  } else {
    if (stage_ == Stage::kRecipients) {
      stage_ = Stage::kChunks;
      if (const auto refusal = policy_.check_message(envelope_)) {
        append_reply(message_refusal_, *refusal);
      } else {
        begin_message(Framing::kCounted);
      }
    }
    chunk_refusal_ = message_refusal_;
  }
  mode_ = Mode::kChunk;
  if (chunk_left_ == 0) end_chunk(out);
}

void ServerSession::end_chunk(std::string& out) {
  mode_ = Mode::kCommands;
  const std::string refusal = std::exchange(chunk_refusal_, {});
  if (!refusal.empty()) {
    if (chunk_last_ && stage_ == Stage::kChunks) reset();
    return refuse(refusal, out);
  }
  if (chunk_last_) return finish_message(out);
  if (const auto defect = receiver_.refusal()) {
    message_refusal_ = *defect;
    return refuse(*defect, out);
  }
  out.append("250 2.0.0 Chunk ok\r\n");
}

void ServerSession::begin_message(Framing framing) {
  TraceFields fields;
  fields.hello = hello_;
  fields.client = client_;
  fields.host = settings_.hostname;
  fields.protocol = envelope_.smtputf8 ? "UTF8SMTP" : extended_ ? "ESMTP" : "SMTP";
  if (envelope_.recipients.size() == 1) fields.recipient = envelope_.recipients.front().address;
  receiver_.begin(framing, envelope_, fields);
}

void ServerSession::finish_message(std::string& out) {
  mode_ = Mode::kAnswer;
  const auto refusal = receiver_.finish();  // may be answered before it returns
  if (!refusal) return;
  mode_ = Mode::kCommands;
  reset();
  refuse(*refusal, out);
}

void ServerSession::message_accepted(Octets id, std::string& out) {
  if (mode_ != Mode::kAnswer || closed_) return;
  errors_ = 0;
  append_reply(out, {250, {2, 0, 0}, fmt::format("Ok, queued as {}", id)});
  answer(out);
}

void ServerSession::message_refused(const Reply& reply, std::string& out) {
  if (mode_ != Mode::kAnswer || closed_) return;
  refuse(reply, out);
  answer(out);
}

// The reply is given: on with what was held.
void ServerSession::answer(std::string& out) {
  mode_ = Mode::kCommands;
  reset();
  if (shutting_down_ && !closed_) shut_down(out);
  if (!consuming_ && !closed_) consume_held(out);
}

void ServerSession::timed_out(std::string& out) {
  if (closed_) return;
  close("421 4.4.2 Timeout, closing the connection\r\n", out);
}

void ServerSession::shut_down(std::string& out) {
  if (closed_) return;
  shutting_down_ = true;
  if (mode_ == Mode::kAnswer) return;
  close("421 4.3.2 Server is stopping, try again soon\r\n", out);
}

void ServerSession::peer_closed() {
  receiver_.abort();
  closed_ = true;
}

ServerSession::Wait ServerSession::wait() const {
  switch (mode_) {
    case Mode::kCommands:
      return Wait::kCommand;
    case Mode::kData:
    case Mode::kChunk:
      return Wait::kBody;
    case Mode::kAnswer:
      return Wait::kAnswer;
  }
  return Wait::kCommand;
}

// Ends the transaction, if there is one.
void ServerSession::reset() {
  receiver_.abort();
  message_refusal_.clear();
  envelope_ = {};
  if (stage_ != Stage::kConnected) stage_ = Stage::kGreeted;
}

void ServerSession::refuse(Octets reply, std::string& out) {
  out.append(reply);
  count_error(static_cast<unsigned>(reply.front() - '0') * 100, out);
  if (reply.starts_with("421")) peer_closed();
}

void ServerSession::refuse(const Reply& reply, std::string& out) {
  std::string line;
  append_reply(line, reply);
  refuse(line, out);
}

void ServerSession::refuse(CommandError error, Verb verb, std::string& out) {
  const bool sender = verb == Verb::kMail;
  switch (error) {
    case CommandError::kSyntax:
      return refuse("501 5.5.4 Syntax error in the argument\r\n", out);
    case CommandError::kBadAddress:
      return refuse(sender ? "501 5.1.7 Bad sender address\r\n" : "501 5.1.3 Bad recipient address\r\n", out);
    case CommandError::kNoDomain:
      return refuse(
          sender ? "553 5.1.7 Sender address needs a domain\r\n" : "553 5.1.3 Recipient address needs a domain\r\n",
          out);
    case CommandError::kAddressTooLong:
      return refuse(sender ? "501 5.1.7 Sender address too long\r\n" : "501 5.1.3 Recipient address too long\r\n", out);
    case CommandError::kBadUtf8:
      return refuse("553 5.6.7 Address needs SMTPUTF8 and well-formed UTF-8\r\n", out);
    case CommandError::kUnknownParameter:
      return refuse("555 5.5.4 Parameter not offered here\r\n", out);
    case CommandError::kBadParameter:
      return refuse("501 5.5.4 Bad parameter\r\n", out);
  }
}

// Only permanent errors count: a client that is told to come back later has done nothing wrong.
void ServerSession::count_error(unsigned code, std::string& out) {
  if (code < 500 || closed_ || ++errors_ <= settings_.errors) return;
  close("421 4.7.0 Too many errors\r\n", out);
}

void ServerSession::close(Octets reply, std::string& out) {
  receiver_.abort();
  out.append(reply);
  closed_ = true;
}

}  // namespace sluice::smtp
