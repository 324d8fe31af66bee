// The end of a log that anybody may have written into: what comes out is few, short and printable lines.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/monitor/log_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const Octets input(reinterpret_cast<const char*>(data), size);
  const std::size_t most = size % 7;
  for (const bool cut : {false, true}) {
    const auto lines = monitor::last_lines(input, cut, most, std::chrono::minutes(static_cast<int>(size % 1440) - 720));
    if (lines.size() > most) std::abort();
    for (const auto& line : lines)
      if (line.size() > 2000 || !std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        std::abort();
  }
  return 0;
}
