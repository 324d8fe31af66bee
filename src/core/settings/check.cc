#include "core/settings/check.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "core/route/queue_groups.h"
#include "core/settings/network.h"
#include "core/settings/quantity.h"

namespace sluice::settings {
namespace {

using Finding = std::optional<GrammarError>;

constexpr std::size_t kLongestName = 255;  // RFC 1035 2.3.4
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestLocalPart = 64;  // RFC 5321 4.5.3.1.1
constexpr std::size_t kLongestText = 4000;     // paths and greetings
constexpr std::size_t kLongestSocketPath = 107;

Finding wrong(std::size_t at, std::string message) { return GrammarError{at, std::move(message)}; }

// Octets above 127 belong to names in UTF-8 (RFC 6531); underscores occur in names of real hosts.
bool is_name_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Labels separated by single dots. `offset` is where `name` stands in the text that the user wrote.
Finding check_labels(std::string_view name, std::size_t offset) {
  if (name.empty()) return wrong(offset, "a host or domain name is missing");
  if (name.size() > kLongestName) return wrong(offset, "the name is longer than 255 octets");
  std::size_t label = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '.') {
      if (i == label) return wrong(offset + i, "a part of the name between dots is empty");
      if (i - label > kLongestLabel) return wrong(offset + label, "a part of the name is longer than 63 octets");
      label = i + 1;
    } else if (!is_name_octet(name[i])) {
      return wrong(offset + i, "a character that no host or domain name can hold");
    }
  }
  return std::nullopt;
}

Finding check_host(std::string_view name, std::size_t offset) {
  if (name.starts_with('[') && name.ends_with(']')) {
    std::string_view inside = name.substr(1, name.size() - 2);
    constexpr std::string_view kTag = "IPv6:";  // RFC 5321 4.1.3
    if (ascii_equal_ignore_case(inside.substr(0, kTag.size()), kTag)) inside.remove_prefix(kTag.size());
    if (Address::parse(inside)) return std::nullopt;
    return wrong(offset, fmt::format("\"{}\" is not an IP address in brackets", name));
  }
  return check_labels(name, offset);
}

// A key of a domain table: a domain, a suffix that begins with a dot, or nothing at all for every domain.
Finding check_pattern(std::string_view key, std::size_t offset) {
  if (key.empty()) return std::nullopt;
  return key.front() == '.' ? check_labels(key.substr(1), offset + 1) : check_host(key, offset);
}

Finding check_printable(std::string_view text, bool spaces) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < ' ' || c == 0x7f) return wrong(i, "a control character");
    if (c == ' ' && !spaces) return wrong(i, "a space");
  }
  return std::nullopt;
}

// The same, or user@domain; it begins the text.
Finding check_address_pattern(std::string_view key) {
  const auto at = key.rfind('@');
  if (at == key.npos) return check_pattern(key, 0);
  if (at == 0) return wrong(0, "the local part before the @ is missing");
  return check_labels(key.substr(at + 1), at + 1);
}

}  // namespace

Finding check_host_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) return wrong(i, "not an ASCII character");
  }
  return check_host(text, 0);
}

Finding check_domain(std::string_view text) { return check_host(text, 0); }

Finding check_domain_or_suffix(std::string_view text) {
  if (text.empty()) return wrong(0, "a domain is missing");
  return check_pattern(text, 0);
}

Finding check_local_part(std::string_view text) {
  if (text.empty()) return wrong(0, "a local part is missing");
  if (text.size() > kLongestLocalPart) return wrong(0, "the local part is longer than 64 octets");
  if (const auto at = text.find_first_of("@<>()\",;\\"); at != text.npos) {
    return wrong(at, "a character that a plain local part cannot hold");
  }
  return check_printable(text, false);
}

Finding check_virtual_domain(std::string_view text) {
  if (auto bad = check_printable(text, false)) return bad;
  const auto colon = text.find(':');
  if (colon == text.npos) return wrong(text.size(), "the colon and the prefix are missing");
  return check_address_pattern(text.substr(0, colon));
}

namespace {

// "host", "host:port", "host:" or nothing at all. `offset` is where it stands in the text that the user wrote.
Finding check_relay(std::string_view relay, std::size_t offset) {
  if (relay.empty()) return std::nullopt;
  std::size_t name_end = relay.find(':');
  if (relay.front() == '[') {
    const auto bracket = relay.find(']');
    if (bracket == relay.npos) return wrong(offset, "the closing bracket is missing");
    name_end = bracket + 1 == relay.size() ? relay.npos : bracket + 1;
    if (name_end != relay.npos && relay[name_end] != ':') {
      return wrong(offset + name_end, "only a colon and a port may follow the bracket");
    }
  }
  const std::string_view host = relay.substr(0, name_end);
  if (auto bad = host.empty() ? std::nullopt : check_host(host, offset)) return bad;
  if (name_end == relay.npos || name_end + 1 == relay.size()) return std::nullopt;
  const auto port = parse_integer(relay.substr(name_end + 1));
  if (!port || *port == 0 || *port > 65535) return wrong(offset + 1 + name_end, "the port must be 1 to 65535");
  return std::nullopt;
}

}  // namespace

Finding check_smtp_route(std::string_view text) {
  if (auto bad = check_printable(text, false)) return bad;
  const auto first = text.find(':');
  if (first == text.npos) return wrong(text.size(), "the colon and the host are missing");
  if (auto bad = check_pattern(text.substr(0, first), 0)) return bad;
  return check_relay(text.substr(first + 1), first + 1);
}

Finding check_lmtp_route(std::string_view text) {
  if (auto bad = check_printable(text, false)) return bad;
  const auto first = text.find(':');
  if (first == text.npos) return wrong(text.size(), "the colon and the host or path are missing");
  if (auto bad = check_address_pattern(text.substr(0, first))) return bad;
  if (first == 0) return wrong(0, "a domain is missing");
  const std::string_view target = text.substr(first + 1);
  if (target.starts_with('/')) {
    if (target.size() > kLongestSocketPath) return wrong(first + 1, "the path is too long for a socket");
    return std::nullopt;
  }
  if (target.starts_with(':')) return wrong(first + 1, "a host is missing");
  if (auto bad = check_relay(target, first + 1)) return bad;
  if (target.ends_with(":25")) return wrong(text.size() - 2, "LMTP must not be spoken on port 25");
  return std::nullopt;
}

Finding check_queue_group(std::string_view text) {
  if (auto bad = check_printable(text, true)) return bad;
  if (const auto group = route::parse_group(text); !group) return wrong(0, group.error());
  return std::nullopt;
}

Finding check_group_entry(std::string_view text) {
  if (auto bad = check_printable(text, false)) return bad;
  const auto colon = text.rfind(':');
  if (colon == text.npos) return wrong(text.size(), "the colon and the group are missing");
  if (colon + 1 == text.size()) return wrong(text.size(), "the name of a group is missing");
  if (const auto entry = route::parse_map_entry(text); !entry) return wrong(0, entry.error());
  return check_address_pattern(text.substr(0, colon));
}

Finding check_resolver(std::string_view text) {
  const auto at = text.find('@');
  if (!Address::parse(text.substr(0, at)) || text.starts_with('[')) {
    return wrong(0, fmt::format("\"{}\" is not an IP address", text.substr(0, at)));
  }
  if (at == text.npos) return std::nullopt;
  const auto port = parse_integer(text.substr(at + 1));
  if (!port || *port == 0 || *port > 65535) return wrong(at + 1, "the port must be 1 to 65535");
  return std::nullopt;
}

Finding check_delivery(std::string_view text) {
  if (text.size() > kLongestText) return wrong(0, "the text is too long");
  bool says_something = false;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] != '\t' && (static_cast<unsigned char>(line[i]) < ' ' || line[i] == '\x7f'))
        return wrong(start + i, "a control character");
    if (!line.empty()) {
      const bool address = is_name_octet(line.front()) && line.front() != '-';
      if (!address && std::string_view("./|&#").find(line.front()) == std::string_view::npos)
        return wrong(start, "neither a mailbox, nor a program, nor an address");
      says_something = says_something || line.front() != '#';
    }
    start = end + 1;
  }
  if (!says_something) return wrong(0, "a mailbox, program or address is missing");
  return std::nullopt;
}

Finding check_ipc_prefix(std::string_view text) {
  constexpr std::size_t kLongestPrefix = 64;  // leaves room in the 255 octets of a name
  if (text.size() > kLongestPrefix) return wrong(0, "the prefix is longer than 64 octets");
  for (std::size_t i = 0; i < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) >= 0x80 || (!is_name_octet(text[i]) && text[i] != '.'))
      return wrong(i, "neither a letter, nor a digit, dot, dash or underscore");
  return std::nullopt;
}

Finding check_path(std::string_view text) {
  if (text.empty()) return wrong(0, "a path is missing");
  if (text.size() > kLongestText) return wrong(0, "the path is too long");
  return check_printable(text, true);
}

Finding check_line(std::string_view text) {
  if (text.size() > kLongestText) return wrong(0, "the text is too long");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < ' ' || text[i] > '~') return wrong(i, "not a printable ASCII character");
  }
  return std::nullopt;
}

namespace {

// Whether the text begins with one of these letters, in either case.
bool begins_with_any(std::string_view text, std::string_view letters) {
  return !text.empty() && letters.find(ascii_lower(text.front())) != std::string_view::npos;
}

}  // namespace

Finding check_delivery_mode(std::string_view text) {
  if (begins_with_any(text, "biqd")) return std::nullopt;
  return wrong(0, fmt::format("Unknown delivery mode {}", text));
}

Finding check_super_safe(std::string_view text) {
  if (begins_with_any(text, "ty1fn0ip")) return std::nullopt;
  return wrong(0, fmt::format("\"{}\" is not one of the choices", text));
}

Finding check_sort_order(std::string_view text) {
  if (begins_with_any(text, "phtfmrns")) return std::nullopt;
  return wrong(0, fmt::format("Invalid queue sort order \"{}\"", text));
}

Finding check_retry(std::string_view text) {
  if (text == "backoff" || text == "run") return std::nullopt;
  return wrong(0, fmt::format("\"{}\" is neither backoff nor run", text));
}

Finding check_load(std::string_view text) {
  constexpr std::uint64_t kHighest = 100000;
  if (text == "off") return std::nullopt;
  if (text.ends_with('p')) text.remove_suffix(1);
  const auto load = parse_integer(text);
  if (!load) return load.error();
  if (*load > kHighest) return wrong(0, "the value is too large");
  return std::nullopt;
}

}  // namespace sluice::settings
