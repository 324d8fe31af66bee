// The lists from which routes are built: control files of one entry a line. What they have in common is here: which
// lines count, what a domain looks like, and how a line that cannot be understood is reported.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::route {

// A line that cannot be understood. Found when settings are loaded, so that nothing starts (or is reloaded) with it.
struct RouteError {
  std::string list;      // "locals", "virtualdomains", ...
  std::size_t line = 0;  // counted from 1
  std::string text;      // what is wrong, and the line, on one printable line
  friend bool operator==(const RouteError&, const RouteError&) = default;
};

// "virtualdomains line 3: ..."
std::string to_string(const RouteError& error);

using Lines = std::span<const std::string>;  // a file's lines as they stand, comments and blank lines too

// Calls `entry` with each line that is neither blank nor a comment ('#' first), trailing white space removed. What
// `entry` returns, unless empty, says what is wrong with that line and ends the reading.
using Entry = std::function<std::string(std::string_view line)>;
std::optional<RouteError> read_list(std::string_view list, Lines lines, const Entry& entry);

// Could be a domain or an address literal in brackets: no spaces, controls or separators of ours. Octets above 127 are
// allowed (RFC 6531). Says nothing about whether it exists.
bool is_domain(std::string_view text);
// "[...]": an address literal (RFC 5321 4.1.3), of IPv4 or IPv6.
bool is_address_literal(std::string_view text);

// No white space and no control characters; may be empty.
bool is_printable_word(std::string_view text);

// "key:rest": the octets before the first colon that is not inside brackets. nullopt: there is none.
std::optional<std::size_t> find_separator(std::string_view line);

}  // namespace sluice::route
