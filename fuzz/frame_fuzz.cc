// A stream of frames from a hostile peer: splitting never reads outside the buffer, always makes progress, and a frame
// written again gives the same octets.
#include <cstdlib>
#include <string>

#include "core/link/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  Octets rest(reinterpret_cast<const char*>(data), size);
  while (true) {
    const auto split = link::split_frame(rest);
    if (!split || split->consumed == 0) return 0;
    std::string again;
    link::append_frame(again, split->frame.type, [&](std::string& to) { to.append(split->frame.payload); });
    if (Octets(again) != rest.substr(0, split->consumed)) std::abort();
    rest.remove_prefix(split->consumed);
  }
}
