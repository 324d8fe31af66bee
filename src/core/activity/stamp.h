// The time in front of a line of the activity record, as loggers write it: TAI64N ("@" and 24 hexadecimal digits), or
// seconds since 1970 with or without a fraction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::activity {

// The stamp in decimal. TAI64N becomes "SECONDS.NNNNNNNNN" (its label counts from 1970 plus ten seconds, as tai64n
// labels are made); a decimal stamp stays as it is. nullopt: the word is no stamp, or TAI64N before 1970 or with more
// than 10^9 - 1 nanoseconds.
std::optional<std::string> decimal_stamp(std::string_view word);

}  // namespace sluice::activity
