#include "core/queue/checksum.h"

#define XXH_STATIC_LINKING_ONLY  // lets the state of a running checksum stand on the stack
#include <xxhash.h>

namespace sluice::queue {

std::uint64_t checksum(Octets octets) { return XXH3_64bits(octets.data(), octets.size()); }

std::uint64_t checksum(std::span<const Octets> pieces) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const Octets piece : pieces) XXH3_64bits_update(&state, piece.data(), piece.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace sluice::queue
