// What one attempt to deliver to one recipient came to. Parsed from SMTP replies and from local delivery; written to
// the state log, the activity record and failure reports.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::mail {

enum class Verdict : std::uint8_t {
  kDelivered = 'K',  // the letters of qmail's spawn reports
  kDeferred = 'Z',   // try again later
  kFailed = 'D',     // never try again: report to the sender
};

// An enhanced status code (RFC 3463), e.g. 5.1.1. {0,0,0}: none.
struct EnhancedCode {
  std::uint8_t status_class = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
  friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

// What a failed or deferred attempt says about the destination, not about the message: the scheduler's windows and
// back-off follow it.
enum class Trouble : std::uint8_t {
  kNone = 0,         // the destination answered for itself (also with 4xx or 5xx to this recipient)
  kUnreachable = 1,  // no address, no connection, no greeting, 421 at once: nothing can be delivered there now
  kConnection = 2,   // a connection that worked was lost, or timed out, in mid-session
  kBusy = 3,         // the destination asked for fewer connections (421, 450/451/452 to the connection or to MAIL)
};

// Of a delivered recipient: how far the message came, which decides what a report of success says (RFC 3464 2.3.3) and
// who owes it (RFC 3461 5.2).
enum class Reached : std::uint8_t {
  kMailbox = 0,   // final delivery: "delivered"
  kServer = 1,    // a server that does not offer DSN: "relayed", and nobody after us reports success
  kReporter = 2,  // a server that offers DSN and was told NOTIFY: it reports, we do not
  kExpanded = 3,  // sent on to other addresses: "expanded"
};

struct Outcome {
  Verdict verdict = Verdict::kDeferred;
  Trouble trouble = Trouble::kNone;
  std::uint16_t reply = 0;  // SMTP reply code, 0 if there was none
  EnhancedCode code;
  std::string text;  // one line, printable octets, at most kMaximumText; what goes into logs and reports
  Reached reached = Reached::kMailbox;  // counts with kDelivered only
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline constexpr std::size_t kMaximumText = 1000;  // octets of Outcome::text; longer replies are cut

}  // namespace sluice::mail
