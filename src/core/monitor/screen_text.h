// Numbers and bars in few columns, for screen.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::monitor {

// "999999", "12.3M", "4.0G": at most 6 characters below 10^15.
std::string count_text(std::uint64_t count);

// "12/100"
std::string share_text(std::uint64_t part, std::uint64_t whole);

// "0.4", "128", "23k": at most 5 characters below 10^8.
std::string rate_text(double a_second);

// `width` characters between brackets: "[###...]"; `part` of `whole`, at most all of it.
std::string bar_text(std::uint64_t part, std::uint64_t whole, std::size_t width);

// The text in exactly `width` columns: cut, with '~' as its last character, or filled with spaces. What is not
// printable ASCII becomes '?'.
std::string fitted(std::string_view text, std::size_t width, bool to_the_right = false);

}  // namespace sluice::monitor
