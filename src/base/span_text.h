// Spans of time as people read them in listings.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// "5d2h", "3m10s", "0s": the two largest units, weeks to seconds.
std::string span_text(std::int64_t seconds);

}  // namespace sluice
