// The lines that somebody reads who watches a queue run (sendmail -v -q), in sendmail's words. The spawners make them,
// and only of deliveries that are watched; link::Transcript carries them. Pure.
//
//   <help@irs.example>... Connecting to mx.irs.example via esmtp...
//   Trying 192.0.2.88... connected.
//   220 mx.irs.example ready                  what the server says stands bare,
//   >>> EHLO here.example                     what it is told behind ">>> "
//   <help@irs.example>... Sent (2.0.0 Ok: queued as X)
//   Closing connection to mx.irs.example
//
// All are one line without its end, of printable ASCII whatever a server said, at most kLongestLine octets.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

namespace sluice::mail::transcript {

inline constexpr std::size_t kLongestLine = 2000;

// A tab becomes a space, every other octet that is not printable ASCII a backslash and three octal digits.
std::string harmless(Octets text);

// "<a@x>,<b@x>... Connecting to HOST via MAILER..."; `reused`: "Using cached ESMTP connection to" in its place. Without
// a mailer: "... Connecting to local...".
std::string connecting(std::span<const Recipient> recipients, std::string_view host, std::string_view mailer,
                       bool reused);
// "Trying ADDRESS... connected." or what went wrong; `timed_out`: "Connection timed out during user open with HOST".
std::string trying(std::string_view address, std::string_view host, std::string_view trouble, bool timed_out);
// Why mail for `host` is deferred when no connection was made: "Host HOST is down", "Connection refused by HOST".
std::string unreachable(std::string_view host, std::string_view trouble, bool silent);
// "<a@x>... Sent (REPLY)", "... Deferred: REASON", "... User unknown". The outcome's text is what the server said, or
// our own reason where there is no reply; `reason`, if not empty, is told in its place.
std::string result(std::string_view address, const Outcome& outcome, std::string_view reason = {});
std::string closing(std::string_view host);
// ">>> EHLO here.example"
std::string told(Octets command);

// Cuts what comes from a server, in any pieces, into lines. Of a line that is longer than kLongestLine the rest is
// dropped.
class Lines {
 public:
  void add(Octets octets, const std::function<void(Octets line)>& each);

 private:
  std::string begun_;
};

}  // namespace sluice::mail::transcript
