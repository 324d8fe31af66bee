// From one local part to everything that its aliases make of it. Pure: the database comes in as a function.
//
// A target that is a local part is looked up again; one that names the alias in which it stands, one that is no alias,
// and "\user" are users and final. A target with a domain is final too, as it stands: the caller routes it. No alias is
// expanded twice, so whoever is named in many ways gets one copy, and a loop ends where it began: lists may name each
// other. Only aliases that lead to nobody at all are an error, and what exceeds the limits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/local/instruction.h"

namespace sluice::local {

inline constexpr int kMaximumAliasDepth = 50;
inline constexpr std::size_t kMaximumExpanded = 100'000;  // final targets

// The targets of the alias of this key (alias_key() form), nullopt if there is no such alias, or the text of an error
// of the database, which is temporary.
using AliasLookup = std::function<Result<std::optional<std::vector<Action>>, std::string>(std::string_view key)>;

struct AliasTarget {
  // Self: a user of this host, not to be looked up again. Forward: an address with a domain. The rest as they are.
  Action action;
  // The owner of the innermost list that has one: the sender of what goes to this target (sendmail's owner- rule).
  // Empty: the sender stays.
  std::string owner;
  friend bool operator==(const AliasTarget&, const AliasTarget&) = default;
};

enum class ExpansionProblem : std::uint8_t {
  kLoop,      // permanent: aliases that lead nowhere but back
  kTooDeep,   // permanent: more than kMaximumAliasDepth aliases one behind the other
  kTooMany,   // permanent: more than kMaximumExpanded targets
  kDatabase,  // temporary: a lookup failed
};
struct ExpansionError {
  ExpansionProblem problem = ExpansionProblem::kDatabase;
  std::string text;  // one line
};
// Deferred for kDatabase, failed for the rest (5.4.6, 5.2.4).
mail::Outcome to_outcome(const ExpansionError& error);

struct Expansion {
  bool is_alias = false;  // false: there is no such alias; `targets` is empty
  std::vector<AliasTarget> targets;
};
Result<Expansion, ExpansionError> expand_alias(std::string_view local_part, const AliasLookup& lookup);

// "owner-NAME" if there is such an alias, empty if not. Names that begin with "owner-" or end in "-request" have none.
Result<std::string, ExpansionError> owner_of(std::string_view name, const AliasLookup& lookup);

}  // namespace sluice::local
