// The options of sendmail's that are no names of settings: those that set several settings or one by another value, and
// those that mean nothing here. The others stand in the table of settings. Pure and static.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/grammar_error.h"
#include "base/quantity.h"
#include "base/result.h"

namespace sluice::settings {

// What an option of sendmail's says in the terms of the table.
struct Meant {
  std::string_view name;  // of the setting
  std::string value;
};

struct TranslatedOption {
  std::string_view name;
  TimeUnit unit;              // of bare numbers in the values
  std::string_view sentence;  // what it sets
  Result<std::vector<Meant>, GrammarError> (*translate)(std::string_view value);
};
std::span<const TranslatedOption> translated_options();
const TranslatedOption* find_translated(std::string_view name);  // without regard to case; null: none

// An option that is taken and changes nothing.
struct IgnoredOption {
  enum class Kind : std::uint8_t { kText, kTruth, kNumber, kTime };
  std::string_view name;
  Kind kind;  // what its value must be nevertheless
  std::string_view why;
};
std::span<const IgnoredOption> options_without_effect();
const IgnoredOption* find_ignored(std::string_view name);  // without regard to case; null: none
//   result  what is wrong with the value; nothing: it is fine
std::optional<GrammarError> check_ignored(const IgnoredOption& option, std::string_view value);

// The name of the option that -o knows by a letter; empty: there is none.
std::string_view option_of_letter(char letter);

}  // namespace sluice::settings
