#include "base/quantity.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {
namespace {

// Far above any use, and small enough that sums and conversions to milliseconds never overflow.
constexpr std::uint64_t kGreatestDuration = 1'000'000ULL * 86400;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string shown(char c) { return c > ' ' && c <= '~' ? fmt::format("'{}'", c) : std::string("an unprintable octet"); }

std::optional<std::uint64_t> unit_seconds(char letter) {
  switch (letter) {
    case 'w':
      return 604800;
    case 'd':
      return 86400;
    case 'h':
      return 3600;
    case 'm':
      return 60;
    case 's':
      return 1;
    default:
      return std::nullopt;
  }
}

std::optional<unsigned> size_shift(char letter) {
  switch (letter) {
    case 'k':
    case 'K':
      return 10;
    case 'm':
    case 'M':
      return 20;
    case 'g':
    case 'G':
      return 30;
    default:
      return std::nullopt;
  }
}

// Takes the digits at `at`; no value when they are more than `most`.
std::optional<std::uint64_t> take_number(std::string_view text, std::size_t& at, std::uint64_t most) {
  std::uint64_t number = 0;
  bool fits = true;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (fits && number <= (most - digit) / 10) {
      number = number * 10 + digit;
    } else {
      fits = false;
    }
  }
  return fits ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<std::chrono::seconds, GrammarError> parse_duration(std::string_view text, TimeUnit bare) {
  if (text.empty()) return fail(GrammarError{0, "a duration is missing"});
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (!is_digit(text[at])) {
      return fail(GrammarError{at, fmt::format("{} stands where digits are expected", shown(text[at]))});
    }
    const auto number = take_number(text, at, kGreatestDuration);
    auto seconds = static_cast<std::uint64_t>(bare);
    if (at < text.size()) {
      const auto unit = unit_seconds(text[at]);
      if (!unit) return fail(GrammarError{at, fmt::format("{} is not a unit of time", shown(text[at]))});
      seconds = *unit;
      ++at;
    }
    if (!number || *number > (kGreatestDuration - total) / seconds) {
      return fail(GrammarError{start, "the duration is too long"});
    }
    total += *number * seconds;
  }
  return std::chrono::seconds(total);
}

Result<std::uint64_t, GrammarError> parse_size(std::string_view text) {
  if (text.empty()) return fail(GrammarError{0, "a size is missing"});
  if (!is_digit(text[0])) {
    return fail(GrammarError{0, fmt::format("{} stands where digits are expected", shown(text[0]))});
  }
  std::size_t at = 0;
  const auto number = take_number(text, at, std::numeric_limits<std::uint64_t>::max());
  unsigned shift = 0;
  if (at < text.size()) {
    const auto unit = size_shift(text[at]);
    if (!unit) return fail(GrammarError{at, fmt::format("{} is not a unit of size", shown(text[at]))});
    shift = *unit;
    ++at;
  }
  if (at < text.size()) return fail(GrammarError{at, fmt::format("{} stands behind the unit", shown(text[at]))});
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift) {
    return fail(GrammarError{0, "the size is too large"});
  }
  return *number << shift;
}

Result<std::uint64_t, GrammarError> parse_integer(std::string_view text) {
  if (text.empty()) return fail(GrammarError{0, "a number is missing"});
  std::size_t at = 0;
  const auto number = take_number(text, at, std::numeric_limits<std::uint64_t>::max());
  if (at < text.size()) {
    return fail(GrammarError{at, fmt::format("{} stands where a digit is expected", shown(text[at]))});
  }
  if (!number) return fail(GrammarError{0, "the number is too large"});
  return *number;
}

std::string format_duration(std::chrono::seconds value) {
  constexpr std::array<std::pair<std::uint64_t, char>, 5> kUnits{
      {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  auto rest = static_cast<std::uint64_t>(value.count() < 0 ? 0 : value.count());
  if (rest == 604800) return "7d";  // what everybody calls it
  std::string text;
  for (const auto& [seconds, letter] : kUnits) {
    if (rest >= seconds) text += fmt::format("{}{}", rest / seconds, letter);
    rest %= seconds;
  }
  return text.empty() ? "0s" : text;
}

std::string format_size(std::uint64_t octets) {
  for (const auto& [shift, letter] : {std::pair{30U, 'G'}, std::pair{20U, 'M'}, std::pair{10U, 'k'}}) {
    if (octets != 0 && (octets >> shift << shift) == octets) return fmt::format("{}{}", octets >> shift, letter);
  }
  return fmt::format("{}", octets);
}

}  // namespace sluice
