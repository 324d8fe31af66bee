// From what a server said, or failed to say, to the outcome of a recipient (core/mail/outcome.h).
#pragma once

#include "core/smtp/reply.h"
#include "core/smtp/reply_parser.h"

namespace sluice::smtp {

// The step of the dialogue that a reply belongs to; it colours what a reply says about the destination.
enum class Step : std::uint8_t {
  kGreeting,
  kEhlo,
  kHelo,
  kLhlo,
  kIdle,
  kReset,
  kMail,
  kRcpt,
  kData,
  kBody,
  kFinal,
  kQuit,
  kDead,
};
std::string_view name_of(Step step);  // for log texts: "MAIL", "the greeting"

// 2xx delivered, 4xx deferred, 5xx failed, with these exceptions:
//   - the connection itself is refused (greeting, HELO): deferred, also with 5xx: it says nothing about the message
//   - 552 to RCPT means too many recipients (RFC 5321 4.5.3.1.10): deferred
//   - 3xx where it makes no sense: deferred
// Trouble: kUnreachable for a connection refused with 421 or 5xx, kBusy for other 4xx to it, for 421 later on and for
// 450, 451, 452 to MAIL.
mail::Outcome outcome_of(const ServerReply& reply, Step step);

// The session ended without a reply to go by: deferred.
mail::Outcome lost(mail::Trouble trouble, Octets why);

// We did not even ask, because the destination cannot take it: failed.
mail::Outcome refused_here(mail::EnhancedCode code, Octets why);

}  // namespace sluice::smtp
