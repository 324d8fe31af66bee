#include "core/activity/stamp.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace sluice::activity {

namespace {

constexpr std::size_t kLabelDigits = 16, kNanoDigits = 8;
constexpr std::uint64_t kEpoch = (std::uint64_t{1} << 62) + 10;
constexpr std::uint32_t kNanoseconds = 1'000'000'000;
constexpr std::size_t kLongest = 40;  // octets; nothing that counts seconds is longer

template <class Number>
std::optional<Number> hexadecimal(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool is_decimal(std::string_view word) {
  const std::size_t whole = word.find_first_not_of("0123456789");
  if (word.empty() || whole == 0 || word.size() > kLongest) return false;
  if (whole == word.npos) return true;
  return word[whole] == '.' && whole + 1 < word.size() && word.find_first_not_of("0123456789", whole + 1) == word.npos;
}

}  // namespace

std::optional<std::string> decimal_stamp(std::string_view word) {
  if (!word.starts_with('@')) return is_decimal(word) ? std::optional<std::string>(word) : std::nullopt;
  if (word.size() != 1 + kLabelDigits + kNanoDigits) return std::nullopt;
  const auto label = hexadecimal<std::uint64_t>(word.substr(1, kLabelDigits));
  const auto nanoseconds = hexadecimal<std::uint32_t>(word.substr(1 + kLabelDigits));
  if (!label || *label < kEpoch || !nanoseconds || *nanoseconds >= kNanoseconds) return std::nullopt;
  return fmt::format("{}.{:09}", *label - kEpoch, *nanoseconds);
}

}  // namespace sluice::activity
