#include "core/mail/dsn_parameters.h"

namespace sluice::mail {

namespace {

constexpr bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

std::uint8_t notify_bit(Octets word) {
  if (ascii_equal_ignore_case(word, "SUCCESS")) return notify::kSuccess;
  if (ascii_equal_ignore_case(word, "FAILURE")) return notify::kFailure;
  if (ascii_equal_ignore_case(word, "DELAY")) return notify::kDelay;
  return 0;
}

}  // namespace

bool is_xtext(Octets text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < '!' || c > '~' || c == '=') return false;
    if (c != '+') continue;
    if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    const bool printable = text[i + 1] >= '2' && text[i + 1] <= '7' && text.substr(i + 1, 2) != "7F";
    if (!printable) return false;
    i += 2;
  }
  return true;
}

bool is_envelope_id(Octets text) { return !text.empty() && text.size() <= kMaximumEnvelopeId && is_xtext(text); }

std::optional<std::uint8_t> parse_notify(Octets text) {
  if (ascii_equal_ignore_case(text, "NEVER")) return notify::kNever;
  std::uint8_t bits = 0;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::uint8_t bit = notify_bit(text.substr(0, comma));
    if (bit == 0) return std::nullopt;
    bits = static_cast<std::uint8_t>(bits | bit);
    if (comma == Octets::npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Return> parse_return(Octets text) {
  if (ascii_equal_ignore_case(text, "FULL")) return Return::kFull;
  if (ascii_equal_ignore_case(text, "HDRS")) return Return::kHeaders;
  return std::nullopt;
}

}  // namespace sluice::mail
