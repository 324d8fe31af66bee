#include "core/mail/header.h"

#include <algorithm>

namespace sluice::mail {

namespace {

constexpr std::size_t kLongestMessageId = 900;  // fits into one line of 998 octets with its field name

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }
bool is_empty_line(Octets line) { return line == "\n" || line == "\r\n" || line == "\r"; }

Octets trimmed(Octets text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The first line with its line end, or all that is left.
Octets first_line(Octets text) {
  const std::size_t end = text.find('\n');
  return text.substr(0, end == Octets::npos ? text.size() : end + 1);
}

// The name of the field that `line` begins; empty if it begins none.
Octets name_in(Octets line) {
  const std::size_t colon = line.find(':');
  if (colon == Octets::npos || colon == 0 || is_blank(line.front())) return {};
  const Octets name = trimmed(line.substr(0, colon));
  return std::any_of(name.begin(), name.end(), is_space) ? Octets{} : name;
}

// The octets of a printable ASCII word; a message id that holds anything else is not repeated.
bool is_visible(char c) { return c > ' ' && c <= '~'; }

}  // namespace

std::size_t header_length(Octets message) {
  std::size_t length = 0;
  while (length < message.size()) {
    const Octets line = first_line(message.substr(length));
    length += line.size();
    if (is_empty_line(line)) break;
  }
  return length;
}

bool begins_field(Octets line) { return !name_in(line).empty(); }

Octets HeaderReader::take_line() {
  const Octets line = first_line(rest_);
  rest_.remove_prefix(line.size());
  return line;
}

std::optional<HeaderField> HeaderReader::next() {
  while (!rest_.empty()) {
    const Octets line = take_line();
    if (is_empty_line(line)) {
      rest_ = {};
      break;
    }
    std::size_t length = line.size();
    while (!rest_.empty() && is_blank(rest_.front())) length += take_line().size();
    const Octets whole(line.data(), length);
    const Octets name = name_in(whole);
    if (name.empty()) continue;
    return HeaderField{name, trimmed(whole.substr(whole.find(':') + 1)), whole};
  }
  return std::nullopt;
}

std::optional<Octets> find_field(Octets message, std::string_view name) {
  HeaderReader reader(message);
  while (const auto field = reader.next())
    if (ascii_equal_ignore_case(field->name, name)) return field->value;
  return std::nullopt;
}

std::size_t count_fields(Octets message, std::string_view name) {
  std::size_t count = 0;
  HeaderReader reader(message);
  while (const auto field = reader.next()) count += ascii_equal_ignore_case(field->name, name) ? 1 : 0;
  return count;
}

std::size_t count_hops(Octets message) {
  std::size_t count = 0;
  HeaderReader reader(message);
  while (const auto field = reader.next())
    count += ascii_equal_ignore_case(field->name, "received") || ascii_equal_ignore_case(field->name, "delivered-to");
  return count;
}

std::optional<Octets> find_message_id(Octets value) {
  const std::size_t open = value.find('<');
  if (open == Octets::npos) return std::nullopt;
  const std::size_t close = value.find('>', open);
  if (close == Octets::npos) return std::nullopt;
  const Octets id = value.substr(open, close - open + 1);
  if (id.size() < 3 || id.size() > kLongestMessageId || !std::all_of(id.begin(), id.end(), is_visible))
    return std::nullopt;
  return id;
}

}  // namespace sluice::mail
