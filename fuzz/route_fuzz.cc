// The lists of core/route and the addresses looked up in them. The input is a list, an empty line, then one address or
// domain a line; the list is tried as each kind of list.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/invariant.h"
#include "core/mail/address.h"
#include "core/route/relay_policy.h"
#include "core/route/router.h"
#include "core/route/smtp_routes.h"

namespace {

using namespace sluice;
using namespace sluice::route;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void check_routes(const SmtpRoutes& routes, std::string_view domain) {
  const std::string destination = routes.destination(domain);
  invariant(destination.empty() || parse_destination(destination).has_value(), "a destination can be read back");
}

void check_lmtp_routes(const LmtpRoutes& routes, std::string_view address) {
  const std::string_view destination = routes.destination(address);
  if (destination.empty() || destination.starts_with('/')) return;
  const auto parsed = parse_destination(destination);
  invariant(parsed && parsed->relay && parsed->port != kSmtpPort, "an LMTP destination can be read back");
}

void check_router(const Router& router, const RelayPolicy& policy, const std::string& address) {
  const Routed routed = router.route(address);
  invariant(routed.address.find('@') != std::string::npos, "a routed address has a domain");
  const bool own = router.is_own(router.rewritten(address));
  invariant(!own || routed.channel != queue::Channel::kRemote, "what is our own stays here");
  invariant(!own || policy.accepts(address, false, router), "what is our own is accepted");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = std::min(input.find("\n\n"), size);
  const auto list = lines_of(input.substr(0, middle));
  const auto asked = lines_of(input.substr(std::min(middle + 2, size)));
  const SmtpRoutes no_routes = *SmtpRoutes::build({});
  const auto routes = SmtpRoutes::build(list);
  const auto policy = RelayPolicy::build(list);
  const auto lmtp = LmtpRoutes::build(list);
  const auto router = Router::build({.locals = {"here.example"},
                                     .virtualdomains = list,
                                     .percenthack = {"here.example"},
                                     .envnoathost = "here.example",
                                     .lmtproutes = lmtp ? list : std::vector<std::string>{}});
  for (const std::string& text : asked) {
    check_routes(no_routes, mail::domain_of(text));
    if (routes) check_routes(*routes, mail::domain_of(text));
    if (lmtp) check_lmtp_routes(*lmtp, text);
    if (router) check_router(*router, policy ? *policy : *RelayPolicy::build({}), text);
    (void)parse_destination(text);
  }
  return 0;
}
