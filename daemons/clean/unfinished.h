// Files of pid/ and intd/: bodies and envelopes that were being written when their writer died. Nobody will finish one
// that is older than kUnfinishedAge (qmail's OSSIFIED): qmail-queue gives up after a day. Younger ones may be in the
// hands of a living qmail-intake or qmail-queue. What they leave in mess/ qmail-send finds: only it knows which bodies
// are needed.
#pragma once

#include <string>

#include "base/time.h"

namespace sluice::clean {

inline constexpr Seconds kUnfinishedAge{129'600};
inline constexpr Seconds kLongestLife{86'400};  // of a qmail-queue
static_assert(kUnfinishedAge > kLongestLife);

// Removes the old ones; what cannot be removed, or looked at, is left. An envelope that stands in todo/ too belongs to
// an accepted message and is not touched. Returns how many it removed.
std::size_t remove_unfinished(const std::string& queue_directory, WallTime now);

}  // namespace sluice::clean
