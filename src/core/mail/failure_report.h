// Reports of failed delivery: who gets one, and the message that says so (RFC 3461 to RFC 3464, RFC 6522; for
// addresses outside ASCII RFC 6533). Pure: the same failure at the same time gives the same octets.
//
// Everything in a report was chosen by somebody else: addresses by the sender, texts by a remote server, the original
// by anybody. So controls become '?', long words are broken, the report has no bare CR or LF and no line of ours
// beyond 998 octets, and its boundary occurs nowhere inside its parts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

namespace sluice::mail {

// The envelope sender of a double bounce; a failure of such a message is reported to nobody.
inline constexpr std::string_view kDoubleBounceSender = "#@[]";

struct Addressee {
  enum class Kind : std::uint8_t {
    kReport,         // to the sender, from the null sender
    kDoubleReport,   // a report failed: to the administrator, from kDoubleBounceSender
    kDiscardDouble,  // a report failed, and the administrator wants no reports: log "double bounce: discarding"
    kDiscardTriple,  // the administrator's report failed: log "triple bounce: discarding"
  };
  Kind kind = Kind::kReport;
  std::string sender;     // of the report's envelope
  std::string recipient;  // of the report's envelope; empty if it is to be discarded
  friend bool operator==(const Addressee&, const Addressee&) = default;
};

// Who hears of a failure of a message from `sender`. The administrator is double_bounce_to@double_bounce_host; a blank
// double_bounce_to, or one that starts with '@', means nobody. A sender "box-@host-@[]" (one that wants an address of
// its own for each recipient) hears at "box-@host".
Addressee report_addressee(std::string_view sender, std::string_view double_bounce_to,
                           std::string_view double_bounce_host);

// RFC 3461 4.1: failure is reported unless NOTIFY was given without FAILURE.
constexpr bool wants_failure_report(std::uint8_t notify_bits) {
  return notify_bits == 0 || (notify_bits & notify::kFailure) != 0;
}

struct ReportSettings {
  std::string me;                                 // name of this host
  std::string bounce_from = "MAILER-DAEMON";      // local part of the author
  std::string bounce_host;                        // domain of the author; empty: `me`
  std::string subject = "failure notice";         // bouncesubject
  std::string double_subject = "failure notice";  // doublebouncesubject
  std::size_t largest_original = 50000;           // bouncemaxbytes: of a longer original only the header is returned
  std::chrono::minutes utc_offset{0};
};

struct FailedRecipient {
  std::string address;
  std::string original_recipient;  // ORCPT as given (xtext), or empty
  Outcome outcome;                 // the last one
  bool expired = false;            // it was deferred until the message was too old
  std::string remote_mta;          // name of the server that refused it, or empty
  std::optional<WallTime> last_attempt;
};

struct FailedMessage {
  Addressee addressee;                // of a kind that is not discarded
  std::string sender;                 // of the failed message
  std::string envelope_id;            // ENVID as given (xtext), or empty
  Return ret = Return::kUnspecified;  // RET=HDRS: the header only
  bool smtputf8 = false;
  WallTime arrival{};
  std::vector<FailedRecipient> recipients;
  Octets original;       // the message, or as much of its start as is at hand
  bool complete = true;  // `original` is the whole message
};

struct FailureReport {
  std::string message;     // whole, in CRLF form
  bool eight_bit = false;  // it holds octets above 127: BODY=8BITMIME
  bool smtputf8 = false;   // its header or addresses do: SMTPUTF8
};

// id  makes Message-ID and boundary unique: letters, digits, '.' and '-'
FailureReport failure_report(const ReportSettings& settings, const FailedMessage& failed, std::string_view id,
                             WallTime now);

// The Status field for a failed recipient: its own code if that agrees with the failure, else the nearest that does.
EnhancedCode report_status(const Outcome& outcome, bool expired);

}  // namespace sluice::mail
