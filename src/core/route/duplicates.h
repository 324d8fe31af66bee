// Duplicate recipients of one message: after routing, two addresses that are the same mailbox of the same channel get
// one delivery. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/queue/admitted.h"

namespace sluice::route {

// Keeps the first of each mailbox, in order. Local parts are compared octet by octet, domains without regard to case.
// The one that stays wants every report that one of its duplicates wanted, and has the first ORCPT that was given.
void remove_duplicates(std::vector<queue::Admitted::Routed>& routed);

// The NOTIFY of one delivery for two recipients (RFC 3461 4.1). Both may be absent (0), which asks for failure and
// leaves delay to us; NEVER gives way to any wish.
std::uint8_t merged_notify(std::uint8_t a, std::uint8_t b);

}  // namespace sluice::route
