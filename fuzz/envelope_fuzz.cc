// An envelope from a journal or a hostile submitter: what decodes has a normal form that decodes to the same value.
#include <cstdlib>
#include <string>

#include "core/queue/envelope_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const auto envelope = queue::decode_envelope(Octets(reinterpret_cast<const char*>(data), size));
  if (!envelope) return 0;
  std::string encoded;
  if (!queue::encode_envelope(encoded, *envelope)) std::abort();
  if (queue::decode_envelope(encoded) != envelope) std::abort();
  return 0;
}
