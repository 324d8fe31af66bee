// What the SMTP server session is told (the shell fills it from the settings table), and the two interfaces that it
// asks and feeds. The session owns none of them; they outlive it.
#pragma once

#include <optional>

#include "core/mail/envelope.h"
#include "core/mail/precedence.h"
#include "core/smtp/command.h"
#include "core/smtp/data_decoder.h"
#include "core/smtp/etrn.h"
#include "core/smtp/reply.h"

namespace sluice::smtp {

struct ServerSettings {
  std::string hostname;                 // in the greeting, EHLO, Received and for <postmaster>
  std::string banner = "ESMTP Sluice";  // after the hostname in the greeting
  MessageLimits message{.octets = 50u << 20, .text_line = 998};
  BareNewlines bare_newlines = BareNewlines::kRefuse;
  std::size_t recipients = 1000;    // of one message; more get 452 4.5.3
  std::size_t errors = 20;          // 5xx replies since the last accepted message, then 421
  std::size_t hops = 100;           // Received fields; more get 554 5.4.6
  std::size_t command_line = 2048;  // octets without CRLF; RFC 5321 4.5.3.1.4 asks for 512 plus extensions
  bool chunking = true;             // RFC 3030
  mail::DeliveryMode mode = mail::DeliveryMode::kBackground;  // of every message
  bool etrn = false;                                          // RFC 1985; without it, 502 and not offered
  Extensions extensions;
};

// Rules about who may send what to whom. nullopt allows it; a reply with 4xx or 5xx refuses it, 421 ends the session
// as well. Asked synchronously, in the order of the dialogue.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::optional<Reply> check_sender(const MailCommand& mail) = 0;
  // `envelope` holds the sender and the recipients accepted so far.
  virtual std::optional<Reply> check_recipient(const mail::Envelope& envelope, Octets address) = 0;
  // Before the body is asked for: is there a queue that can take it?
  virtual std::optional<Reply> check_message(const mail::Envelope& envelope) = 0;
  // ETRN, asked only where ServerSettings offer it: starts a run of the queue and says how that went, at once.
  virtual Reply start_run(const EtrnCommand& command) { return etrn_not_started(command); }
};

// Where a message goes as it arrives: begin, write..., then end or abort. The body starts with our Received field and
// has CRLF line ends. After end() the shell answers with message_accepted() or message_refused(), at once or later.
class MessageSink : public OctetSink {
 public:
  struct Trace {
    std::string id;    // for the Received field; may be empty
    std::string date;  // RFC 5322 3.3
  };
  virtual Trace begin(const mail::Envelope& envelope) = 0;
  // The header says that the message is not an ordinary one: at most once, before the octets that end the header are
  // written, or before end().
  virtual void classify(const mail::Importance&) {}
  virtual void end() = 0;
  // The message will not be completed: drop what was written.
  virtual void abort() = 0;
};

}  // namespace sluice::smtp
