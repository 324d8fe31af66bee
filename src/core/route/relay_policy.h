// May a client hand us mail for this recipient? Closed by default: a host that relays for everybody is used by
// everybody. Pure; the SMTP server asks at each RCPT.
#pragma once

#include <string_view>

#include "core/route/domain_table.h"
#include "core/route/route_list.h"
#include "core/route/router.h"

namespace sluice::route {

class RelayPolicy {
 public:
  // rcpthosts: a domain or ".suffix" a line; mail for these is accepted from anyone and passed on. An empty or missing
  // list adds nothing (unlike qmail's, where a missing file opens the relay).
  static Result<RelayPolicy, RouteError> build(Lines rcpthosts);

  // Yes if the client is trusted (its network, or because it authenticated), or the recipient, as `router` rewrites it,
  // is our own or in rcpthosts. An address without a domain is our own.
  bool accepts(std::string_view recipient, bool client_is_trusted, const Router& router) const;

 private:
  struct Present {};
  DomainTable<Present> rcpthosts_;
};

}  // namespace sluice::route
