// The values that a submitter gives with a message for reports about it (RFC 3461), as they stand in SMTP commands and
// on command lines. Words are read without regard to case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "core/mail/envelope.h"

namespace sluice::mail {

inline constexpr std::size_t kMaximumEnvelopeId = 100;  // octets of ENVID's value, RFC 3461 4.4

// RFC 3461 4: printable ASCII without '+' and '=', or "+" and two hexadecimal digits, which stand for printable ASCII
// or a space: these values go into the header of a report, where a line end would be a forged field.
bool is_xtext(Octets text);

// xtext of 1 to kMaximumEnvelopeId octets.
bool is_envelope_id(Octets text);

// "NEVER", or some of "SUCCESS", "FAILURE" and "DELAY" with commas between them: bits of mail::notify.
std::optional<std::uint8_t> parse_notify(Octets text);

// "FULL" or "HDRS".
std::optional<Return> parse_return(Octets text);

}  // namespace sluice::mail
