// The words of an address list (RFC 5322 3.2): comments and white space are left out, quotes and escapes are undone.
// Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/submission/address_list.h"

namespace sluice::submission {

struct Token {
  enum class Kind : std::uint8_t { kWord, kQuoted, kLiteral, kSpecial };
  Kind kind = Kind::kSpecial;
  std::string text;       // octets of a word; a literal with its brackets; one of < > @ , ; : .
  std::size_t begin = 0;  // in the text
  std::size_t end = 0;    // behind its last octet
  bool escaped = false;   // a word with a backslash in it
  bool is(char special) const { return kind == Kind::kSpecial && text.front() == special; }
  bool is_word() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
};

Result<std::vector<Token>, ListError> tokens_of(Octets text);

}  // namespace sluice::submission
