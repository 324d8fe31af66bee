#include "core/route/relay_policy.h"

#include "core/mail/address.h"

namespace sluice::route {

Result<RelayPolicy, RouteError> RelayPolicy::build(Lines rcpthosts) {
  RelayPolicy policy;
  const auto entry = [&policy](std::string_view line) {
    if (!is_domain(line)) return "not a domain";
    policy.rcpthosts_.set(line, Present{});
    return "";
  };
  if (auto error = read_list("rcpthosts", rcpthosts, entry)) return fail(*std::move(error));
  return policy;
}

bool RelayPolicy::accepts(std::string_view recipient, bool client_is_trusted, const Router& router) const {
  if (client_is_trusted || recipient.find('@') == std::string_view::npos) return true;
  // Judged by where it would go, or percenthack would make a relay of us.
  const std::string address = router.rewritten(std::string(recipient));
  return router.is_own(address) || rcpthosts_.find_domain(mail::domain_of(address)) != nullptr;
}

}  // namespace sluice::route
