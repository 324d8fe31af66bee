// The envelope of a message (RFC 5321 2.3.1): who sent it, who shall get it, and what was said about it when it was
// submitted. A value; it does no I/O. Its encoding in the journal and on the links is core/queue/envelope_codec.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::mail {

// How the octets of a stored body end their lines.
enum class LineForm : std::uint8_t {
  kCrlf = 0,  // as on the SMTP wire after dot-unstuffing: CR LF only, no bare CR, no bare LF (smtpd, bounces)
  kLf = 1,    // as a local program wrote it: LF (doors 2 and 3, sendmail, qmail-inject)
};

// RFC 3461 NOTIFY: a set of bits; none set means that the parameter was absent.
namespace notify {
inline constexpr std::uint8_t kNever = 1, kSuccess = 2, kFailure = 4, kDelay = 8;
}

enum class Return : std::uint8_t { kUnspecified = 0, kFull = 1, kHeaders = 2 };  // RFC 3461 RET

struct Recipient {
  std::string address;             // mailbox as accepted: local-part@domain, domain in lower case, no angle brackets
  std::uint8_t notify = 0;         // RFC 3461 4.1
  std::string original_recipient;  // RFC 3461 4.2 ORCPT, as given (xtext), or empty
  friend bool operator==(const Recipient&, const Recipient&) = default;
};

// When delivery is first tried (sendmail's -od?).
enum class DeliveryMode : std::uint8_t {
  kBackground = 0,   // at once; whoever submitted does not wait
  kInteractive = 1,  // at once; whoever submitted waits for what becomes of it
  kQueueOnly = 2,    // when a queue run selects the message, not before
  kDefer = 3,        // likewise, and its addresses are not looked up before either
};
// Not to be tried before a queue run selects it.
constexpr bool waits_for_run(DeliveryMode mode) {
  return mode == DeliveryMode::kQueueOnly || mode == DeliveryMode::kDefer;
}

// How long delivery is tried, and when the sender hears of delay (Timeout.queuereturn.*, Timeout.queuewarn.*).
enum class Urgency : std::uint8_t { kNormal = 0, kUrgent = 1, kNonUrgent = 2 };

// The class of a message that its Precedence field names; higher goes first (core/mail/precedence.h).
inline constexpr std::int8_t kLowestPrecedence = -100, kHighestPrecedence = 100;

struct Envelope {
  std::string sender;  // reverse-path without brackets; empty is the null sender
  std::vector<Recipient> recipients;
  LineForm line_form = LineForm::kCrlf;
  bool eight_bit = false;  // BODY=8BITMIME was declared (RFC 6152)
  bool smtputf8 = false;   // SMTPUTF8 was declared (RFC 6531)
  Return ret = Return::kUnspecified;
  std::string envelope_id;  // RFC 3461 ENVID, as given (xtext), or empty
  std::string client;       // "[192.0.2.1]" of the SMTP client or empty for a local submission; for logs
  std::string flow;         // who sends, for fairness (authenticated user); empty: the sender's domain
  DeliveryMode mode = DeliveryMode::kBackground;
  std::int8_t precedence = 0;  // kLowestPrecedence to kHighestPrecedence
  Urgency urgency = Urgency::kNormal;
  bool in_place = false;  // handed over by a queue of another queue group: not handed on again
  bool warned = false;    // likewise: its sender was told before that it is late, or need not be
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// The domain of an address (after the last '@'), empty if it has none. The view points into `address`.
std::string_view domain_of(std::string_view address);

}  // namespace sluice::mail
