// lmtproutes: domains and addresses whose mail ends at an LMTP server (RFC 2033) on this side of the network: a mailbox
// store such as Dovecot's. A line is "key:target":
//
//   key     a domain, ".suffix" (everything below it) or user@domain; never empty: what is routed here counts as ours
//   target  "host", "host:port" or "/path/of/socket"; the host is a name (its addresses are used, not its MX), an IPv4
//           address, or an address in brackets, which IPv6 needs. Port 1 to 65535 but 25, which RFC 2033 5 forbids; 24
//           if it is left out. Empty: an exception, as if no line were there
//
// The most specific line counts: the address, then its domain, then the longest suffix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/route/domain_table.h"
#include "core/route/route_list.h"

namespace sluice::route {

inline constexpr std::uint16_t kLmtpPort = 24;          // registered for private mail systems
inline constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un::sun_path with its final NUL

class LmtpRoutes {
 public:
  static Result<LmtpRoutes, RouteError> build(Lines lines);

  // Where mail to the address goes, which names its lane: "[host]:port", as parse_destination() reads it, or an
  // absolute path. Empty: nowhere by LMTP.
  std::string_view destination(std::string_view address) const;

  bool empty() const { return targets_.size() == 0; }

 private:
  DomainTable<std::string> targets_;
};

}  // namespace sluice::route
