// The texts of outcomes, in the manner of qmail-remote(8), with '/' where a report would begin a new line:
//
//   203.0.113.5 accepted message./Remote host said: 250 2.0.0 Ok: queued as X/
//   203.0.113.5 refused./Remote host said: 550 5.1.1 no such user/Giving up on 203.0.113.5./
//   Connected to 203.0.113.5 but connection lost while waiting for the answer to DATA./
//
// Pure. The text of an outcome is at most mail::kMaximumText octets, cut if need be.
#pragma once

#include <string>

#include "core/mail/outcome.h"
#include "core/route/mx.h"

namespace sluice::remote {

// Rewrites outcome.text, which holds what the server said, or what went wrong with the session if there is no reply.
//   body_complete  the server may have taken the message although it did not say so
void tell(mail::Outcome& outcome, const std::string& address, bool body_complete);

// "mx.x.test[192.0.2.1]:25", "[2001:db8::1]:25" for a host that is but an address.
std::string label_of(const route::Target& target, std::uint16_t port);

// A connection that was not made: deferred, unreachable; or busy, if it was our own descriptors or ports that ran out.
mail::Outcome not_connected(const std::string& label, int code);

// The server at `label` did not let us in: `why` is what its session ended with.
mail::Outcome not_welcome(const std::string& label, mail::Outcome why);

}  // namespace sluice::remote
