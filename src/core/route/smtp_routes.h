// smtproutes: domains whose mail does not go where their MX records say. A line is "domain:host:port":
//
//   domain  a domain, ".suffix" (everything below it), or empty (everything)
//   host    a name (its addresses are used, not its MX), an IPv4 address, or an address in brackets, which IPv6 needs;
//           empty: by MX after all
//   port    1 to 65535; may be left out with its colon: 25
//
// The most specific line counts: the domain itself, then the longest suffix, then the empty one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/route/domain_table.h"
#include "core/route/route_list.h"

namespace sluice::route {

inline constexpr std::uint16_t kSmtpPort = 25;

// Where a lane's sessions go, as read back from its name.
struct Destination {
  bool relay = false;  // connect to `host` itself; false: to the mail exchangers of the domain `host`
  std::string host;    // lower case, without brackets: a name or an address
  std::uint16_t port = kSmtpPort;
  friend bool operator==(const Destination&, const Destination&) = default;
};

class SmtpRoutes {
 public:
  static Result<SmtpRoutes, RouteError> build(Lines lines);

  // The destination of mail to `domain`, which names its lane: "[host]:port" for a relay, "domain" (in lower case) or
  // "domain:port" for mail by MX, "[address]" for an address literal. Empty: no route and not a domain at all, so
  // nothing can be delivered there.
  std::string destination(std::string_view domain) const;

 private:
  struct Route {
    std::string relay;               // "[host]:port", or empty for MX
    std::uint16_t port = kSmtpPort;  // for MX
  };
  DomainTable<Route> routes_;
};

// Reads what destination() gives. nullopt: no destination (also an empty one).
std::optional<Destination> parse_destination(std::string_view destination);

}  // namespace sluice::route
