// Durations and sizes as people write them. Pure: text to value and back.
//
// Durations (sendmail's syntax): one or more groups of digits and a unit letter w d h m s, added up: 5d12h, 90m. A
// group without a letter counts in the unit that the setting names for bare numbers, so 604800 in qmail's control files
// is a week. Letters are lower case; signs, fractions and spaces are errors.
//
// Sizes: digits with at most one letter k, M or G (either case), which multiply by 1024, 1024^2, 1024^3; without a
// letter the number counts octets.
//
// Numbers that do not fit are errors, never wrapped. Nothing here throws; errors allocate their message.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/grammar_error.h"
#include "base/result.h"

namespace sluice {

enum class TimeUnit : std::uint32_t {  // the values are seconds
  kSeconds = 1,
  kMinutes = 60,
  kHours = 3600,
  kDays = 86400,
  kWeeks = 604800,
};

Result<std::chrono::seconds, GrammarError> parse_duration(std::string_view text, TimeUnit bare);
Result<std::uint64_t, GrammarError> parse_size(std::string_view text);
Result<std::uint64_t, GrammarError> parse_integer(std::string_view text);

// A short form that parses back to the same value: 7200 s is "2h", one week is "7d", 0 s is "0s"; 52428800 is "50M".
std::string format_duration(std::chrono::seconds value);
std::string format_size(std::uint64_t octets);

}  // namespace sluice
