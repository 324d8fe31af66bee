// Delivery modes as they are written (sendmail's -od and DeliveryMode), and what an interactive message may expect.
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "core/mail/envelope.h"

namespace sluice::mail {

// background, interactive, queue-only ("q"), defer: only the first letter counts, in either case. Nothing: none of
// these.
std::optional<DeliveryMode> delivery_mode_of(std::string_view text);

// For so long after its arrival an interactive message is left to the run that its submitter asks for; after that it is
// tried like any other, so that a submitter who dies leaves nothing behind.
inline constexpr Duration kInteractiveWait{5'000};

}  // namespace sluice::mail
