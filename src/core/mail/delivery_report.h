// The message that reports delivery (RFC 3464, RFC 6522; for addresses outside ASCII RFC 6533); who gets one, and about
// whom, is report_rules.h. One report may say of one recipient that delivery failed, of the next that it succeeded.
// Pure: the same outcomes at the same time give the same octets.
//
// Everything in a report was chosen by somebody else: addresses by the sender, texts by a remote server, the original
// by anybody. So controls become '?', long words are broken, the report has no bare CR or LF and no line of ours
// beyond 998 octets, and its boundary occurs nowhere inside its parts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"
#include "core/mail/report_rules.h"

namespace sluice::mail {

inline constexpr std::size_t kLargestHeader = 50000;  // octets of a header that are returned

struct ReportSettings {
  std::string me;                                 // name of this host
  std::string bounce_from = "MAILER-DAEMON";      // local part of the author
  std::string bounce_host;                        // domain of the author; empty: `me`
  std::string subject = "failure notice";         // bouncesubject
  std::string double_subject = "failure notice";  // doublebouncesubject
  std::vector<std::string> message;               // bouncemessage: lines in place of our opening; none: ours
  std::vector<std::string> double_message;        // doublebouncemessage
  std::size_t largest_original = 50000;           // bouncemaxbytes: of a longer original only the header is returned
  std::size_t needed() const { return std::max(largest_original, kLargestHeader); }  // octets of an original's start
  std::chrono::minutes utc_offset{0};
};

struct ReportedRecipient {
  std::string address;
  std::string original_recipient;  // ORCPT as given (xtext), or empty
  Action action = Action::kFailed;
  Outcome outcome;       // the last one
  bool expired = false;  // kFailed: it was deferred until the message was too old
  std::optional<WallTime> last_attempt;
  std::optional<WallTime> will_retry_until;  // kDelayed
};

struct ReportedMessage {
  Addressee addressee;                // of a kind that is not discarded
  std::string sender;                 // of the message
  std::string envelope_id;            // ENVID as given (xtext), or empty
  Return ret = Return::kUnspecified;  // RET=HDRS: the header only
  bool smtputf8 = false;
  WallTime arrival{};
  std::vector<ReportedRecipient> recipients;  // at least one
  Octets original;                            // the message, or as much of its start as is at hand
  bool complete = true;                       // `original` is the whole message

  bool says(Action action) const;
};

struct DeliveryReport {
  std::string message;     // whole, in CRLF form
  bool eight_bit = false;  // it holds octets above 127: BODY=8BITMIME
  bool smtputf8 = false;   // its header or addresses do: SMTPUTF8
};

// A report without failure returns the header only, whatever RET says (RFC 3461 6.2).
//   id  makes Message-ID and boundary unique: letters, digits, '.' and '-'
DeliveryReport delivery_report(const ReportSettings& settings, const ReportedMessage& reported, std::string_view id,
                               WallTime now);

}  // namespace sluice::mail
