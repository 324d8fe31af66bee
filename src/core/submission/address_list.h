// Address lists as header fields and command lines have them (RFC 5322 3.4 and 4.4): groups, comments, quoted strings,
// routes, dots in phrases, empty elements. Read from hostile text into addresses that know where they stand, so that
// the field can be completed without touching anything else in it.
//
// Laxer than the RFC where mail in the wild is: octets above 0x7f in words, an address used as its own display name, a
// missing comma behind ">". Not as lax as to guess: what cannot be read is an error, and nobody gets the message.
// Recursion-free; the work is linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::submission {

struct ListedAddress {
  std::string local;     // octets without quotes and escapes
  std::string host;      // as written, without comments and white space; empty: none was written
  std::size_t end = 0;   // in the text: behind the last octet of the local part or the host
  bool is_null = false;  // "<>"
  friend bool operator==(const ListedAddress&, const ListedAddress&) = default;
};

enum class ListError : std::uint8_t {
  kUnclosedComment,
  kUnclosedQuote,
  kUnclosedLiteral,
  kUnclosedAngle,
  kStray,      // a character that cannot stand where it does
  kNoAddress,  // words without an address, or "@host" alone
  kTwoWords,   // words side by side that are neither a name nor an address
  kBadHost,
};
std::string_view to_text(ListError error);

enum class ListStyle : std::uint8_t {
  kCommas,
  kSpacesToo,  // sendmail's old style: in a list without any of , ; < ( : white space separates addresses too
};
Result<std::vector<ListedAddress>, ListError> parse_address_list(Octets text, ListStyle style = ListStyle::kCommas);

}  // namespace sluice::submission
