// Addresses as MAIL and RCPT carry them (RFC 5321 4.1.2, RFC 6531 3.3): from hostile octets to the form that the
// envelope stores, and from there back to the wire.
//
// The stored form: local part, '@', domain in lower case. The local part is a dot-string where that is possible,
// otherwise a quoted string with no more escapes than it needs, so one mailbox has one spelling. No control characters
// ever. Laxer than the RFC: dots may stand anywhere in a local part (several large providers issued such addresses),
// and labels of a domain may hold underscores. Source routes are read and dropped (RFC 5321 appendix C).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::smtp {

inline constexpr std::size_t kMaximumLocalPart = 64;                                    // octets, RFC 5321 4.5.3.1.1
inline constexpr std::size_t kMaximumDomain = 255;                                      // RFC 5321 4.5.3.1.2
inline constexpr std::size_t kMaximumAddress = kMaximumLocalPart + 1 + kMaximumDomain;  // quoting included

enum class AddressError : std::uint8_t {
  kSyntax,
  kNoDomain,  // a well-formed local part alone
  kTooLong,
  kBadUtf8,  // octets above 0x7f that are not UTF-8
};

struct Mailbox {
  std::string address;     // empty: the null path <>
  bool non_ascii = false;  // needs SMTPUTF8
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// local-part@domain, all of `text`.
Result<Mailbox, AddressError> parse_mailbox(Octets text);

// A path at the front of `input`, which it is taken off: "<" [source route ":"] mailbox ">", or a mailbox without
// brackets up to the next space, as some devices send it. `<>` gives an empty address; `<postmaster>`, in any case,
// gives "postmaster" (RFC 5321 4.1.1.3). Both are for the caller to allow.
Result<Mailbox, AddressError> take_path(Octets& input);

// A domain or an address literal, as HELO and EHLO should have.
bool is_domain_or_literal(Octets text);

// The stored address as it may stand between < and > on the wire. Local programs may have stored local parts that
// need quoting: they get it. Empty if the address cannot be sent at all (control characters, no domain, too long).
std::string sendable_address(Octets address);

}  // namespace sluice::smtp
