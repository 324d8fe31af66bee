// One target of an alias or of a .forward file, and lists of them separated by commas: the grammar that both share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/local/instruction.h"

namespace sluice::local {

// What is wrong, and where in the text it stands, in octets from 0.
struct TargetError {
  std::size_t at = 0;
  std::string text;
};

inline constexpr std::size_t kMaximumTarget = 4096;  // octets of one target

struct PlacedTarget {
  Action action;       // any but Maildir unless a path ends in '/'
  std::size_t at = 0;  // where it begins
};

// Reads "a, b@c, "|prog x", /file, \user, :include:/path". Line feeds are white space. Empty places between commas are
// passed over, as sendmail does.
Result<std::vector<PlacedTarget>, TargetError> parse_targets(std::string_view text);

// The target as people write it: "|program args", /file, \user, :include:/path, user@host.
std::string to_string(const Action& action);

}  // namespace sluice::local
