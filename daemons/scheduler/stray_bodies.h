// Body files that no message needs: what a crash left between writing a large body and accepting it, or between
// finishing a message and removing its file. They are found by their age, because their inode numbers may be used again
// at once.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace sluice::scheduler {

// Well above the time in which anybody writes a message (qmail's OSSIFIED).
inline constexpr Seconds kStrayAge{129'600};

// Inode numbers of the files below mess/ that are older than kStrayAge, are not in `needed`, and belong to no message
// of qmail's own kind (info/ or todo/ has none of that number). What cannot be looked at is left alone.
std::vector<std::uint64_t> stray_bodies(const std::string& queue_directory, unsigned split,
                                        const boost::unordered_flat_set<std::uint64_t>& needed, WallTime now);

}  // namespace sluice::scheduler
