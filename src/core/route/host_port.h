// Hosts with ports as route lists and the names of lanes write them: "host", "host:port", "[address]:port". Pure; used
// within core/route.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::route {

// 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// "[192.0.2.1]", "[IPv6:2001:db8::1]", "[2001:db8::1]" without brackets and tag; a name as it is. In lower case.
std::string bare_host(std::string_view host);

// "[host]:port": the name of a lane whose sessions connect to the host itself.
std::string relay_name(std::string_view host, std::uint16_t port);

// "host[:port]" taken apart; the host is not checked. nullopt: a port that is none.
struct HostAndPort {
  std::string_view host;
  std::optional<std::uint16_t> port;
};
std::optional<HostAndPort> split_host(std::string_view text);

}  // namespace sluice::route
