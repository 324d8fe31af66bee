#include "core/route/route_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace sluice::route {

namespace {

constexpr std::size_t kLongestQuote = 80;  // of a bad line in an error text

std::string quoted(std::string_view line) {
  std::string text(line.substr(0, kLongestQuote));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text;
}

std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r' || line.back() == '\n'))
    line.remove_suffix(1);
  return line;
}

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

bool is_domain_octet(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string to_string(const RouteError& error) {
  return fmt::format("{} line {}: {}", error.list, error.line, error.text);
}

std::optional<RouteError> read_list(std::string_view list, Lines lines, const Entry& entry) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = without_trailing_space(lines[i]);
    if (line.empty() || line.front() == '#') continue;
    if (const std::string wrong = entry(line); !wrong.empty())
      return RouteError{std::string(list), i + 1, fmt::format("{}: {}", wrong, quoted(line))};
  }
  return std::nullopt;
}

bool is_address_literal(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  return std::all_of(inside.begin(), inside.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == ':' || c == '-'; });
}

bool is_domain(std::string_view text) {
  if (!text.empty() && text.front() == '[') return is_address_literal(text);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_domain_octet);
}

bool is_printable_word(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

std::optional<std::size_t> find_separator(std::string_view line) {
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '[') inside = true;
    if (line[i] == ']') inside = false;
    if (line[i] == ':' && !inside) return i;
  }
  return std::nullopt;
}

}  // namespace sluice::route
