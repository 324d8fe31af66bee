#include "core/route/smtp_routes.h"

#include <fmt/format.h>

#include "core/route/host_port.h"

namespace sluice::route {

Result<SmtpRoutes, RouteError> SmtpRoutes::build(Lines lines) {
  SmtpRoutes routes;
  const auto entry = [&routes](std::string_view line) {
    const auto separator = find_separator(line);
    if (!separator) return "expected DOMAIN:HOST or DOMAIN:HOST:PORT";
    const std::string_view domain = line.substr(0, *separator);
    if (!domain.empty() && !is_domain(domain)) return "not a domain before the first colon";
    std::string_view target = line.substr(*separator + 1);
    if (target.ends_with(':')) target.remove_suffix(1);  // "domain:host:", the port left out
    const auto parts = split_host(target);
    if (!parts) return "the port is not a number from 1 to 65535 (and an IPv6 address stands in brackets)";
    const std::uint16_t port = parts->port.value_or(kSmtpPort);
    if (parts->host.empty()) {
      routes.routes_.set(domain, Route{{}, port});
      return "";
    }
    if (!is_domain(parts->host) || bare_host(parts->host).empty()) return "not a host behind the first colon";
    routes.routes_.set(domain, Route{relay_name(parts->host, port), port});
    return "";
  };
  if (auto error = read_list("smtproutes", lines, entry)) return fail(*std::move(error));
  return routes;
}

std::string SmtpRoutes::destination(std::string_view domain) const {
  const Route* route = routes_.size() == 0 ? nullptr : routes_.find_domain(domain);
  if (route == nullptr && routes_.size() != 0) route = routes_.find("");
  if (route != nullptr && !route->relay.empty()) return route->relay;
  if (!is_domain(domain) || (is_address_literal(domain) && bare_host(domain).empty())) return {};
  const std::uint16_t port = route == nullptr ? kSmtpPort : route->port;
  if (port == kSmtpPort) return ascii_lowered(domain);
  return is_address_literal(domain) ? relay_name(domain, port) : fmt::format("{}:{}", ascii_lowered(domain), port);
}

std::optional<Destination> parse_destination(std::string_view destination) {
  const auto parts = split_host(destination);
  if (!parts) return std::nullopt;
  // A relay's name may be any domain in brackets, so what is inside them is checked as one or the other.
  const bool bracketed = parts->host.size() > 2 && parts->host.front() == '[' && parts->host.back() == ']';
  if (!is_domain(parts->host) && !(bracketed && is_domain(parts->host.substr(1, parts->host.size() - 2))))
    return std::nullopt;
  Destination parsed{bracketed, bare_host(parts->host), parts->port.value_or(kSmtpPort)};
  if (parsed.host.empty()) return std::nullopt;
  return parsed;
}

}  // namespace sluice::route
