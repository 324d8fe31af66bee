// What stands beside an mbox may have been written by anybody: it is refused or comes back as it was, and no message
// of another program is taken for a torn one of ours.
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/local/mbox_intent.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  if (const auto intent = local::decode_intent(text))
    invariant(local::encode_intent(*intent) == text, "an intent does not come back");
  const std::string head = "From a@b\n";
  local::TornTail tail(head);
  tail.read(head);
  tail.read(text);
  const bool other = text.starts_with("From ") || text.find("\nFrom ") != Octets::npos;
  invariant(tail.ours() == !other, "a message is not recognised");
  return 0;
}
