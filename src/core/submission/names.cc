#include "core/submission/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/address.h"
#include "core/mail/date.h"
#include "core/smtp/address.h"

namespace sluice::submission {

namespace {

constexpr std::string_view kAtomOctets = "!#$%&'*+-/=?^_`{|}~";
constexpr std::size_t kLongestEncodedWord = 75;  // RFC 2047 2

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }
bool is_visible(char c) { return c >= ' ' && c <= '~'; }

bool is_plain_phrase(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == ' ' || kAtomOctets.find(c) != std::string_view::npos;
  });
}

std::string escaped(std::string_view text, std::string_view specials) {
  std::string out;
  for (const char c : text) {
    if (specials.find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// RFC 2047 "Q", for phrases: only letters and digits stand for themselves. A character is never cut in two.
std::string encoded_words(std::string_view name) {
  const std::string_view begin = mail::is_utf8(name) ? "=?utf-8?q?" : "=?unknown-8bit?q?";
  std::string out, word(begin);
  for (std::size_t i = 0; i < name.size();) {
    std::size_t length = 1;  // octets of this character
    while (i + length < name.size() && (static_cast<unsigned char>(name[i + length]) & 0xC0) == 0x80 && length < 4)
      ++length;
    std::string character;
    for (const char c : name.substr(i, length))
      character += is_alphanumeric(c) ? std::string(1, c)
                   : c == ' '         ? "_"
                                      : fmt::format("={:02X}", static_cast<unsigned char>(c));
    if (word.size() + character.size() + 2 > kLongestEncodedWord) {
      out += word + "?= ";
      word = begin;
    }
    word += character;
    i += length;
  }
  return out + word + "?=";
}

std::string without_controls(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return out;
}

}  // namespace

std::string qualified_host(const Names& names, std::string_view host) {
  if (host.empty() || ascii_equal_ignore_case(host, "localhost")) {
    const std::string_view own = names.default_host;
    return own.empty() || ascii_equal_ignore_case(own, "localhost") ? std::string(own) : qualified_host(names, own);
  }
  if (host.front() == '[') return std::string(host);
  if (host.back() == '+') return fmt::format("{}.{}", host.substr(0, host.size() - 1), names.plus_domain);
  if (host.find('.') == std::string_view::npos) return fmt::format("{}.{}", host, names.default_domain);
  return std::string(host);
}

std::string qualified_list(Octets value, const std::vector<ListedAddress>& list, const Names& names) {
  std::string out;
  std::size_t copied = 0;
  for (const ListedAddress& address : list) {
    if (address.is_null) continue;
    const std::string complete = qualified_host(names, address.host);
    if (complete == address.host) continue;
    // What changes is the end of the host, or all of a host that is one word: either way contiguous in the text.
    const auto [kept, _] = std::mismatch(address.host.begin(), address.host.end(), complete.begin(), complete.end());
    const auto same = static_cast<std::size_t>(kept - address.host.begin());
    out.append(value.substr(copied, address.end - (address.host.size() - same) - copied));
    out.append(address.host.empty() ? "@" : "").append(complete.substr(same));
    copied = address.end;
  }
  return out.append(value.substr(copied));
}

Result<std::string, std::string> envelope_address(const ListedAddress& address, const Names& names) {
  if (address.is_null) return std::string();
  std::string host = qualified_host(names, address.host);
  // The dot of an absolute name; a lone label would be completed where the stored form is read again.
  if (host.ends_with('.') && host.find('.') + 1 < host.size()) host.pop_back();
  if (address.local.empty()) return fail(std::string("an address is empty"));
  auto mailbox = smtp::parse_mailbox(fmt::format("\"{}\"@{}", escaped(address.local, "\"\\"), host));
  if (mailbox) return std::move(mailbox->address);
  const char* const why = mailbox.error() == smtp::AddressError::kTooLong ? "is too long" : "is not a mail address";
  return fail(fmt::format("{}@{} {}", mail::printable(address.local), mail::printable(host), why));
}

Result<std::string, std::string> single_address(Octets text, const Names& names) {
  const auto list = parse_address_list(text);
  if (!list) return fail(fmt::format("{}: {}", mail::printable(text), to_text(list.error())));
  if (list->size() != 1) return fail(fmt::format("\"{}\" is not one address", mail::printable(text)));
  return envelope_address(list->front(), names);
}

std::string author_value(std::string_view name, std::string_view address, bool as_comment) {
  const std::string plain = without_controls(name);
  if (plain.empty()) return std::string(address);
  const bool ascii = std::all_of(plain.begin(), plain.end(), is_visible);
  if (as_comment) return fmt::format("{} ({})", address, ascii ? escaped(plain, "()\\") : encoded_words(plain));
  if (!ascii) return fmt::format("{} <{}>", encoded_words(plain), address);
  return is_plain_phrase(plain) ? fmt::format("{} <{}>", plain, address)
                                : fmt::format("\"{}\" <{}>", escaped(plain, "\"\\"), address);
}

std::string full_name(std::string_view gecos, std::string_view user) {
  std::string name;
  for (const char c : gecos.substr(0, gecos.find(','))) {
    if (c != '&') {
      name.push_back(c);
    } else if (!user.empty()) {
      const bool lower = user.front() >= 'a' && user.front() <= 'z';
      name.push_back(lower ? static_cast<char>(user.front() - ('a' - 'A')) : user.front());
      name.append(user.substr(1));
    }
  }
  return name;
}

std::string new_message_id(WallTime now, std::int64_t process, std::uint64_t chance, std::string_view id_host) {
  constexpr std::int64_t kDay = 86400;
  const std::int64_t second = to_seconds(now);
  const std::int64_t days = second >= 0 ? second / kDay : -((-second + kDay - 1) / kDay);
  const std::int64_t of_day = second - days * kDay;
  const mail::CivilDate date = mail::civil_from_days(days);
  return fmt::format("<{:04}{:02}{:02}{:02}{:02}{:02}.{}.{:016x}@{}>", date.year, date.month, date.day, of_day / 3600,
                     of_day / 60 % 60, of_day % 60, process, chance, id_host);
}

}  // namespace sluice::submission
