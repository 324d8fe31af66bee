#include "core/route/lmtp_routes.h"

#include "core/mail/address.h"
#include "core/route/host_port.h"
#include "core/route/smtp_routes.h"

namespace sluice::route {

namespace {

// domain, .suffix or user@domain.
bool is_key(std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return is_domain(key);
  return at > 0 && is_printable_word(key.substr(0, at)) && is_domain(key.substr(at + 1));
}

// The name of the lane, or what is wrong with the target.
Result<std::string, const char*> lane_of(std::string_view target) {
  if (target.empty()) return std::string();
  if (target.front() == '/') {
    if (target.size() > kLongestSocketPath) return fail("the path of a socket is longer than 107 octets");
    if (!is_printable_word(target)) return fail("white space or controls in the path of a socket");
    return std::string(target);
  }
  if (target.ends_with(':')) target.remove_suffix(1);  // "domain:host:", the port left out
  const auto parts = split_host(target);
  if (!parts) return fail("the port is not a number from 1 to 65535 (and an IPv6 address stands in brackets)");
  if (!is_domain(parts->host) || bare_host(parts->host).empty()) return fail("not a host behind the first colon");
  const std::uint16_t port = parts->port.value_or(kLmtpPort);
  if (port == kSmtpPort) return fail("LMTP must not be spoken on port 25");
  return relay_name(parts->host, port);
}

}  // namespace

Result<LmtpRoutes, RouteError> LmtpRoutes::build(Lines lines) {
  LmtpRoutes routes;
  const auto entry = [&routes](std::string_view line) {
    const auto separator = find_separator(line);
    if (!separator) return "expected KEY:HOST, KEY:HOST:PORT or KEY:/PATH";
    const std::string_view key = line.substr(0, *separator);
    if (!is_key(key)) return "not a domain or address before the first colon";
    auto lane = lane_of(line.substr(*separator + 1));
    if (!lane) return lane.error();
    routes.targets_.set(key, std::move(*lane));
    return "";
  };
  if (auto error = read_list("lmtproutes", lines, entry)) return fail(*std::move(error));
  return routes;
}

std::string_view LmtpRoutes::destination(std::string_view address) const {
  if (targets_.size() == 0) return {};
  const std::string* target = targets_.find(address);
  if (target == nullptr) {
    const std::string_view domain = mail::domain_of(address);
    target = domain.empty() ? nullptr : targets_.find_domain(domain);
  }
  return target == nullptr ? std::string_view() : std::string_view(*target);
}

}  // namespace sluice::route
