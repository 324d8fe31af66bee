// XXH3 (64 bits, seed 0) of octets that stand in one piece or in several: the checksum of the journal and of the state
// log. It finds damage, it does not prove origin.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sluice::queue {

std::uint64_t checksum(Octets octets);
std::uint64_t checksum(std::span<const Octets> pieces);  // of their concatenation

}  // namespace sluice::queue
