// Who hears what about the delivery of a message (RFC 3461), and what the fields of a report are made of. Pure values;
// the message that carries them is delivery_report.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
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

// Who hears of a failure of a message from `sender`; of success and delay only Kind::kReport hears, so that nothing
// but failure ever comes of a report. The administrator is double_bounce_to@double_bounce_host; a blank
// double_bounce_to, or one that starts with '@', means nobody. A sender "box-@host-@[]" (one that wants an address of
// its own for each recipient) hears at "box-@host".
Addressee report_addressee(std::string_view sender, std::string_view double_bounce_to,
                           std::string_view double_bounce_host);

// What a report says of a recipient (RFC 3464 2.3.3).
enum class Action : std::uint8_t { kFailed, kDelayed, kDelivered, kRelayed, kExpanded };
std::string_view name_of(Action action);  // "failed" …

// Of a settled recipient, what is reported; none: nothing. Failure is, unless NOTIFY was given without FAILURE; success
// only with NOTIFY=SUCCESS, and not if the next server was told to report it (RFC 3461 4.1, 5.2).
std::optional<Action> reported_action(Verdict verdict, Reached reached, std::uint8_t notify_bits);

// Whether delay is reported: with NOTIFY=DELAY, and where NOTIFY was not given.
constexpr bool wants_delay_report(std::uint8_t notify_bits) {
  return notify_bits == 0 || (notify_bits & (notify::kDelay | notify::kNever)) == notify::kDelay;
}

// Precedence: bulk, list or junk. Nobody waits for such mail, so nobody is told that it is late.
bool is_bulk(Octets message);

// The Status field: the outcome's own code if that agrees with the action, else the nearest that does.
EnhancedCode report_status(Action action, const Outcome& outcome, bool expired);

// What a text in the form of qmail-remote tells of the other side: "HOST refused./Remote host said: REPLY/Giving up …".
// Both are empty if it has another form. The views point into `text`.
struct RemoteAnswer {
  std::string_view host;   // name or address, without what follows it
  std::string_view reply;  // "550 5.1.1 no such user"
};
RemoteAnswer remote_answer(std::string_view text);

}  // namespace sluice::mail
