#include "core/mail/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace sluice::mail {

namespace {

constexpr std::array<char, 256> make_printable_table() {
  std::array<char, 256> table{};
  for (std::size_t octet = 0; octet < table.size(); ++octet)
    table[octet] = octet > ' ' && octet <= '~' && octet != '%' ? static_cast<char>(octet) : '_';
  table['\n'] = '/';
  return table;
}
constexpr std::array<char, 256> kPrintable = make_printable_table();

// The length of the UTF-8 sequence at the start of `text`, which is not empty; 0 if it is not well-formed.
std::size_t utf8_sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((octet(i) & 0xC0) != 0x80) return 0;
  const unsigned second = octet(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : length;
}

}  // namespace

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

std::string_view local_part_of(std::string_view address) { return address.substr(0, address.rfind('@')); }

std::string normalized_address(std::string_view address) {
  std::string normalized(address);
  const std::size_t domain = address.size() - domain_of(address).size();
  std::transform(address.begin() + static_cast<std::ptrdiff_t>(domain), address.end(),
                 normalized.begin() + static_cast<std::ptrdiff_t>(domain), ascii_lower);
  return normalized;
}

bool same_mailbox(std::string_view a, std::string_view b) {
  return local_part_of(a) == local_part_of(b) && ascii_equal_ignore_case(domain_of(a), domain_of(b));
}

void append_printable(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out.append(text);
  for (std::size_t i = start; i < out.size(); ++i) out[i] = kPrintable[static_cast<unsigned char>(out[i])];
}

std::string printable(std::string_view text) {
  std::string shown;
  append_printable(shown, text);
  return shown;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string xtext_decoded(std::string_view xtext) {
  std::string text;
  text.reserve(xtext.size());
  for (std::size_t i = 0; i < xtext.size(); ++i) {
    unsigned octet = 0;
    const char* digits = xtext.data() + i + 1;
    if (xtext[i] == '+' && i + 2 < xtext.size() && std::from_chars(digits, digits + 2, octet, 16).ptr == digits + 2) {
      text.push_back(static_cast<char>(octet));
      i += 2;
    } else {
      text.push_back(xtext[i]);
    }
  }
  return text;
}

std::string xtext_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string xtext;
  xtext.reserve(text.size());
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > ' ' && octet < 0x7f && c != '+' && c != '=') {
      xtext.push_back(c);
    } else {
      xtext.append({'+', kDigits[octet >> 4], kDigits[octet & 15]});
    }
  }
  return xtext;
}

}  // namespace sluice::mail
