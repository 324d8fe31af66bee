#include "base/json_cursor.h"

#include <algorithm>
#include <limits>

namespace sluice {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

}  // namespace

void JsonCursor::blanks() {
  std::size_t i = 0;
  while (i < rest_.size() && (rest_[i] == ' ' || rest_[i] == '\t' || rest_[i] == '\n' || rest_[i] == '\r')) ++i;
  rest_.remove_prefix(i);
}

bool JsonCursor::take(char c) {
  blanks();
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonCursor::open(char bracket) {
  expect(bracket);
  if (++depth_ > kDeepest) fail();
  return !failed_;
}

bool JsonCursor::done() {
  blanks();
  return !failed_ && rest_.empty();
}

void JsonCursor::text(std::string& out) {
  out.clear();
  expect('"');
  while (!failed_) {
    std::size_t i = 0;
    while (i < rest_.size() && rest_[i] != '"' && rest_[i] != '\\' && static_cast<unsigned char>(rest_[i]) >= 0x20) ++i;
    out.append(rest_.substr(0, i));
    rest_.remove_prefix(i);
    if (rest_.empty()) return fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return;
    if (c != '\\') return fail();
    escape(out);
  }
}

void JsonCursor::escape(std::string& out) {
  if (rest_.empty()) return fail();
  const char c = rest_.front();
  rest_.remove_prefix(1);
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out += c;
      return;
    case 'b':
      out += '\b';
      return;
    case 'f':
      out += '\f';
      return;
    case 'n':
      out += '\n';
      return;
    case 'r':
      out += '\r';
      return;
    case 't':
      out += '\t';
      return;
    case 'u':
      break;
    default:
      return fail();
  }
  constexpr std::uint32_t kHigh = 0xD800, kLow = 0xDC00, kAfter = 0xE000, kReplacement = 0xFFFD;
  std::uint32_t code = four_digits();
  if (code >= kHigh && code < kLow && rest_.starts_with("\\u")) {
    rest_.remove_prefix(2);
    const std::uint32_t low = four_digits();
    code = low >= kLow && low < kAfter ? 0x10000 + ((code - kHigh) << 10) + (low - kLow) : kReplacement;
  }
  if (code >= kHigh && code < kAfter) code = kReplacement;
  append_utf8(out, code);
}

std::uint32_t JsonCursor::four_digits() {
  std::uint32_t code = 0;
  if (rest_.size() < 4) return fail(), code;
  for (const char c : rest_.substr(0, 4)) {
    const int lower = c | 0x20;
    const int digit = is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    if (digit < 0) return fail(), 0;
    code = code << 4 | static_cast<std::uint32_t>(digit);
  }
  rest_.remove_prefix(4);
  return code;
}

std::uint64_t JsonCursor::natural() {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  blanks();
  std::uint64_t value = 0;
  std::size_t i = 0;
  for (; i < rest_.size() && is_digit(rest_[i]); ++i) {
    const auto digit = static_cast<std::uint64_t>(rest_[i] - '0');
    value = value > (kLargest - digit) / 10 ? kLargest : value * 10 + digit;
  }
  rest_.remove_prefix(i);
  if (i == 0 || (!rest_.empty() && (rest_.front() == '.' || (rest_.front() | 0x20) == 'e'))) fail();
  return failed_ ? 0 : value;
}

std::int64_t JsonCursor::number() {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const bool negative = take('-');
  const auto value = static_cast<std::int64_t>(std::min(natural(), kLargest));
  return negative ? -value : value;
}

bool JsonCursor::flag() {
  if (take('t')) return word("rue"), !failed_;
  expect('f');
  word("alse");
  return false;
}

void JsonCursor::word(Octets expected) {
  if (!rest_.starts_with(expected)) return fail();
  rest_.remove_prefix(expected.size());
}

void JsonCursor::skip() {
  blanks();
  if (failed_ || rest_.empty()) return fail();
  std::string ignored;
  switch (rest_.front()) {
    case '{':
      return object([this](std::string_view) { skip(); });
    case '[':
      return array([this] { skip(); });
    case '"':
      return text(ignored);
    case 't':
    case 'f':
      return void(flag());
    case 'n':
      return word("null");
    default:
      break;
  }
  std::size_t i = 0;
  while (i < rest_.size() && (is_digit(rest_[i]) || Octets("+-.eE").find(rest_[i]) != Octets::npos)) ++i;
  if (i == 0) return fail();
  rest_.remove_prefix(i);
}

}  // namespace sluice
