// The arithmetic of setqload: whatever is typed, the answer is a finite number or an error.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/monitor/arithmetic.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = sluice::monitor::evaluate({reinterpret_cast<const char*>(data), size});
  if (value && !std::isfinite(*value)) std::abort();
  return 0;
}
