// The listing of a queue as its qmail-send writes it: whatever comes, JsonCursor takes only what is JSON.
#include <cstdlib>

#include "core/monitor/message_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sluice::Octets text(reinterpret_cast<const char*>(data), size);
  sluice::monitor::QueuedMessage message;
  if (!message.read(text)) return 0;
  for (const auto& recipient : message.recipients())
    if (recipient.address.size() > size * 3) std::abort();  // an escape of six octets gives three
  return 0;
}
