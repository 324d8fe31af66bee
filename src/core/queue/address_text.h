// What addresses in the files of qmail's kind may be, and how they are kept: for the readers of todo files and of
// preprocessed messages. (core/mail/address.h says more about addresses; that library is none of ours.) Pure.
#pragma once

#include <algorithm>
#include <string>

#include "base/bytes.h"

namespace sluice::queue {

// No control character: it could break log lines and SMTP dialogues.
inline bool is_clean_address(Octets address) {
  return std::none_of(address.begin(), address.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The domain in lower case.
inline std::string normalized_address(Octets address) {
  std::string result(address);
  const auto at = result.rfind('@');
  if (at != result.npos)
    std::transform(result.begin() + static_cast<std::ptrdiff_t>(at), result.end(),
                   result.begin() + static_cast<std::ptrdiff_t>(at), ascii_lower);
  return result;
}

inline bool has_high_octet(Octets text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace sluice::queue
