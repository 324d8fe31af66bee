// The aliases file (aliases(5)): "name: target, target, ..." with continuation lines that begin with white space,
// comment lines, names and targets in double quotes, :include:, |program, /file, \user, and owner-NAME.
//
// Names are local parts of this host, compared without regard to case. parse_aliases() reads a whole file and gives all
// its errors, so that the person who edits it hears everything at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/local/instruction.h"

namespace sluice::local {

inline constexpr std::size_t kMaximumAliasFile = 64u << 20;     // octets
inline constexpr std::size_t kMaximumTargetsOfAlias = 100'000;  // of one name
inline constexpr std::size_t kMaximumAliasErrors = 100;         // reading stops here

// The form in which a name is compared and stored: lower case (ASCII).
std::string alias_key(std::string_view name);

struct Alias {
  std::string name;             // as written, unquoted
  std::vector<Action> targets;  // at least one
  std::size_t line = 0;         // of the name
};

struct AliasError {
  std::size_t line = 0, column = 0;  // from 1; column counts octets
  std::string text;
  friend bool operator==(const AliasError&, const AliasError&) = default;
};
// "line 3, column 7: ..."
std::string to_string(const AliasError& error);

// All aliases in the order of the file; or all errors (a name defined twice is one).
Result<std::vector<Alias>, std::vector<AliasError>> parse_aliases(Octets text);

// Aliases that lead back to themselves: loops as their keys in order ("a", "b" for a: b, b: a), at most
// kMaximumAliasErrors of them. An alias that names itself (root: root, ops) is none: it means the user of that name.
// Mail survives a loop as long as somebody else is named in it; the builder warns.
std::vector<std::vector<std::string>> find_alias_loops(const std::vector<Alias>& aliases);

// The value of one entry of the database (docs/formats.md, "Aliases database"), and back. nullopt: it is damaged.
std::string encode_targets(const std::vector<Action>& targets);
std::optional<std::vector<Action>> decode_targets(Octets value);

}  // namespace sluice::local
