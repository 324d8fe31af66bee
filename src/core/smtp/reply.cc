#include "core/smtp/reply.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/smtp/utf8.h"

namespace sluice::smtp {
namespace {

constexpr std::size_t kMaximumReplyText = 480;  // leaves room for codes and CRLF in 512 octets (RFC 5321 4.5.3.1.5)

// Takes up to three digits off the front of `text`; -1 if there are none or more.
int take_part(Octets& text) {
  int value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (++digits > 3) return -1;
    value = value * 10 + (text[digits - 1] - '0');
  }
  text.remove_prefix(digits);
  return digits == 0 ? -1 : value;
}

bool take_dot(Octets& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

void append_reply(std::string& out, const Reply& reply) {
  fmt::format_to(std::back_inserter(out), "{} ", reply.code);
  if (const mail::EnhancedCode& e = reply.enhanced; e.status_class != 0) {
    fmt::format_to(std::back_inserter(out), "{}.{}.{} ", e.status_class, e.subject, e.detail);
  }
  out.append(printable_line(reply.text, kMaximumReplyText));
  out.append("\r\n");
}

std::string printable_line(Octets text, std::size_t limit) {
  std::string line(text.substr(0, limit));
  const bool cut = line.size() < text.size();
  for (char& c : line) {
    if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (is_plain_utf8(line)) return line;
  if (cut) {  // perhaps only the last character was cut in two
    std::size_t whole = line.size();
    while (whole > 0 && (static_cast<std::uint8_t>(line[whole - 1]) & 0xC0) == 0x80) --whole;
    const Octets shorter = Octets(line).substr(0, whole == 0 ? 0 : whole - 1);
    if (is_plain_utf8(shorter)) return std::string(shorter);
  }
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<std::uint8_t>(c) >= 0x80; }, '?');
  return line;
}

mail::EnhancedCode take_enhanced_code(Octets& text, unsigned reply_code) {
  Octets rest = text;
  const int status_class = take_part(rest);
  if (status_class < 0 || static_cast<unsigned>(status_class) != reply_code / 100 || !take_dot(rest)) return {};
  const int subject = take_part(rest);
  if (subject < 0 || !take_dot(rest)) return {};
  const int detail = take_part(rest);
  if (detail < 0 || (!rest.empty() && rest.front() != ' ')) return {};
  if (!rest.empty()) rest.remove_prefix(1);
  text = rest;
  return {static_cast<std::uint8_t>(status_class), static_cast<std::uint16_t>(subject),
          static_cast<std::uint16_t>(detail)};
}

mail::EnhancedCode enhanced_code_for(unsigned reply_code) {
  const auto status_class = static_cast<std::uint8_t>(reply_code >= 500 ? 5 : reply_code >= 400 ? 4 : 2);
  const auto code = [&](std::uint16_t subject, std::uint16_t detail) {
    return mail::EnhancedCode{status_class, subject, detail};
  };
  switch (reply_code) {
    case 421:
      return code(3, 2);  // system not accepting messages
    case 450:
    case 550:
      return code(2, 0);  // mailbox status
    case 452:
      return code(3, 1);  // system full
    case 552:
      return code(2, 2);  // mailbox full
    case 553:
      return code(1, 0);  // address status
    default:
      break;
  }
  if (status_class != 2 && reply_code % 100 / 10 == 0) return code(5, 0);  // x0z: syntax and protocol
  return code(0, 0);
}

}  // namespace sluice::smtp
