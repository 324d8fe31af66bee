#include "core/smtp/utf8.h"

#include <algorithm>

namespace sluice::smtp {
namespace {

std::uint8_t octet_at(Octets text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

// The length of the well-formed character of two octets or more at the start of `text`, 0 if there is none. The bounds
// of the second octet are those of RFC 3629 section 4.
std::size_t long_character(Octets text) {
  const std::uint8_t lead = octet_at(text, 0);
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    if (lead == 0xC2) low = 0xA0;  // below are the C1 controls
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (octet_at(text, 1) < low || octet_at(text, 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((octet_at(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool is_ascii(Octets text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

bool is_plain_utf8(Octets text) {
  while (!text.empty()) {
    const std::size_t length = octet_at(text, 0) < 0x80 ? 1 : long_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace sluice::smtp
