// Files of pid/: bodies that were being written when their writer died. Nobody will finish one that is older than
// kUnfinishedAge (qmail's OSSIFIED); younger ones may be in the hands of a living qmail-intake or qmail-queue.
#pragma once

#include <string>

#include "base/time.h"

namespace sluice::clean {

inline constexpr Seconds kUnfinishedAge{129'600};

// Removes the old ones; what cannot be removed is left. Returns how many it removed.
std::size_t remove_unfinished(const std::string& queue_directory, WallTime now);

}  // namespace sluice::clean
