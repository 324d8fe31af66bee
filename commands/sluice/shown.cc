#include "shown.h"

#include <fmt/format.h>

namespace sluice::commands {

namespace {

unsigned char octet(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// How many octets the control character at this place has; 0: there is none. U+0080 to U+009F have two.
std::size_t control_at(std::string_view text, std::size_t at) {
  const unsigned char c = octet(text, at);
  if (c < 0x20 || c == 0x7F) return 1;
  return c == 0xC2 && octet(text, at + 1) >= 0x80 && octet(text, at + 1) < 0xA0 ? 2 : 0;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = control_at(text, i);
    if (length == 0) out += text[i++];
    for (std::size_t end = i + length; i < end; ++i) out += fmt::format("\\{:03o}", octet(text, i));
  }
  return out;
}

}  // namespace sluice::commands
