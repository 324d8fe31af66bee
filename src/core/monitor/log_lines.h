// The last lines of a log, made fit for a terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::monitor {

// The last `most` whole lines of `octets`, the end of a file, oldest first; `cut`: the first one began before it. What
// is still being written, without its line feed, is left for later. Octets that are not printable ASCII become '?'. A
// time stamp in front, TAI64N ("@" and 24 hexadecimal digits) or seconds since 1970 with a fraction, becomes
// "HH:MM:SS" of local time.
std::vector<std::string> last_lines(Octets octets, bool cut, std::size_t most, std::chrono::minutes utc_offset);

// "HH:MM:SS" of a number of seconds since 1970.
std::string clock_text(std::int64_t seconds, std::chrono::minutes utc_offset);

}  // namespace sluice::monitor
