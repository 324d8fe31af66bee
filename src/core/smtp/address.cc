#include "core/smtp/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/smtp/utf8.h"

namespace sluice::smtp {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter_or_digit(char c) { return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }
constexpr bool is_high(char c) { return static_cast<std::uint8_t>(c) >= 0x80; }
constexpr bool is_control(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; }

constexpr std::array<bool, 256> kDotStringOctets = [] {
  std::array<bool, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    table[i] = is_letter_or_digit(c) || is_high(c) || Octets("!#$%&'*+-/=?^_`{|}~.").find(c) != Octets::npos;
  }
  return table;
}();

bool is_dot_string(Octets text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kDotStringOctets[static_cast<std::uint8_t>(c)]; });
}

bool is_label(Octets label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter_or_digit(c) || is_high(c) || c == '-' || c == '_'; });
}

bool is_domain(Octets text) {
  if (text.empty() || text.size() > kMaximumDomain) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == Octets::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// RFC 5321 4.1.3. inet_pton only computes.
bool is_literal(Octets text) {
  if (text.size() < 3 || text.size() > kMaximumDomain || text.front() != '[' || text.back() != ']') return false;
  const std::string inside(text.substr(1, text.size() - 2));
  if (inside.find('\0') != std::string::npos) return false;
  std::array<unsigned char, 16> binary{};
  if (is_digit(inside.front()) && inside.find(':') == std::string::npos) {
    return inet_pton(AF_INET, inside.c_str(), binary.data()) == 1;
  }
  const std::size_t colon = inside.find(':');
  if (colon == std::string::npos || colon == 0) return false;
  if (ascii_equal_ignore_case(Octets(inside).substr(0, colon), "IPv6")) {
    return inet_pton(AF_INET6, inside.c_str() + colon + 1, binary.data()) == 1;
  }
  const auto is_content = [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != '\\' && c != ']'; };
  return is_label(Octets(inside).substr(0, colon)) && colon + 1 < inside.size() &&
         std::all_of(inside.begin(), inside.end(), is_content);
}

std::string quoted(Octets raw) {
  std::string text = "\"";
  for (const char c : raw) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  text.push_back('"');
  return text;
}

// Takes a quoted string off the front of `text` and puts what it quotes into `raw`.
bool take_quoted_string(Octets& text, std::string& raw) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\' && ++i == text.size()) return false;
    if (is_control(text[i])) return false;
    raw.push_back(text[i]);
  }
  return false;
}

// The length of the path that starts with '<' at the front of `input`, npos if its '>' is missing.
std::size_t bracketed_length(Octets input) {
  bool in_quotes = false;
  for (std::size_t i = 1; i < input.size(); ++i) {
    if (in_quotes && input[i] == '\\') {
      ++i;
    } else if (input[i] == '"') {
      in_quotes = !in_quotes;
    } else if (input[i] == '>' && !in_quotes) {
      return i + 1;
    }
  }
  return Octets::npos;
}

// Drops "@one,@two:" from the front of a path.
bool drop_source_route(Octets& path) {
  while (path.starts_with('@')) {
    const bool literal = path.substr(1).starts_with('[');
    const std::size_t end = path.find_first_of(",:", literal ? path.find(']') : 1);
    if (end == Octets::npos || !is_domain_or_literal(path.substr(1, end - 1))) return false;
    const bool last = path[end] == ':';
    path.remove_prefix(end + 1);
    if (last) return true;
    if (!path.starts_with('@')) return false;
  }
  return true;
}

}  // namespace

bool is_domain_or_literal(Octets text) { return is_domain(text) || is_literal(text); }

Result<Mailbox, AddressError> parse_mailbox(Octets text) {
  Mailbox mailbox;
  mailbox.non_ascii = !is_ascii(text);
  if (mailbox.non_ascii && !is_plain_utf8(text)) return fail(AddressError::kBadUtf8);
  Octets domain;
  if (text.starts_with('"')) {
    std::string raw;
    domain = text;
    if (!take_quoted_string(domain, raw)) return fail(AddressError::kSyntax);
    if (raw.size() > kMaximumLocalPart) return fail(AddressError::kTooLong);
    mailbox.address = is_dot_string(raw) ? std::move(raw) : quoted(raw);
  } else {
    const Octets local = text.substr(0, text.find('@'));
    domain = text.substr(local.size());
    if (!is_dot_string(local)) return fail(AddressError::kSyntax);
    if (local.size() > kMaximumLocalPart) return fail(AddressError::kTooLong);
    mailbox.address.reserve(text.size());
    mailbox.address = local;
  }
  if (domain.empty()) return fail(AddressError::kNoDomain);
  if (domain.front() != '@') return fail(AddressError::kSyntax);
  domain.remove_prefix(1);
  if (domain.size() > kMaximumDomain) return fail(AddressError::kTooLong);
  if (!is_domain_or_literal(domain)) return fail(AddressError::kSyntax);
  const std::size_t local_size = mailbox.address.size();
  if (local_size + 1 + domain.size() > kMaximumAddress) return fail(AddressError::kTooLong);
  mailbox.address.push_back('@');
  mailbox.address.append(domain);
  std::transform(mailbox.address.begin() + static_cast<std::ptrdiff_t>(local_size), mailbox.address.end(),
                 mailbox.address.begin() + static_cast<std::ptrdiff_t>(local_size), ascii_lower);
  return mailbox;
}

Result<Mailbox, AddressError> take_path(Octets& input) {
  Octets path;
  if (input.starts_with('<')) {
    const std::size_t length = bracketed_length(input);
    if (length == Octets::npos) return fail(AddressError::kSyntax);
    path = input.substr(1, length - 2);
    input.remove_prefix(length);
    if (path.empty()) return Mailbox{};
    if (!drop_source_route(path)) return fail(AddressError::kSyntax);
  } else {
    path = input.substr(0, input.find(' '));
    input.remove_prefix(path.size());
  }
  if (ascii_equal_ignore_case(path, "postmaster")) return Mailbox{"postmaster", false};
  return parse_mailbox(path);
}

std::string sendable_address(Octets address) {
  if (const auto mailbox = parse_mailbox(address)) return std::string(address);
  const std::size_t at = address.rfind('@');
  if (at == Octets::npos || std::any_of(address.begin(), address.end(), is_control)) return {};
  std::string text = quoted(address.substr(0, at));
  text.append(address.substr(at));
  return parse_mailbox(text) ? text : std::string();
}

}  // namespace sluice::smtp
