#include "core/route/host_port.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "core/route/route_list.h"

namespace sluice::route {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::string bare_host(std::string_view host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  constexpr std::string_view kTag = "ipv6:";
  if (ascii_equal_ignore_case(host.substr(0, kTag.size()), kTag)) host.remove_prefix(kTag.size());
  return ascii_lowered(host);
}

std::string relay_name(std::string_view host, std::uint16_t port) {
  return fmt::format("[{}]:{}", bare_host(host), port);
}

std::optional<HostAndPort> split_host(std::string_view text) {
  HostAndPort parts{text, std::nullopt};
  if (const auto separator = find_separator(text)) {
    parts.host = text.substr(0, *separator);
    parts.port = parse_port(text.substr(*separator + 1));
    if (!parts.port) return std::nullopt;
  }
  return parts;
}

}  // namespace sluice::route
