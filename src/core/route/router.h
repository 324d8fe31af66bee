// Where a recipient goes: to a mailbox of this host, to an LMTP server beside it or out, and under which address. The
// rules and their order are qmail's (qmail-send(8), "locals" to "percenthack") with one of our own before them:
//
//   1. an address without '@' gets '@' and envnoathost
//   2. percenthack (off unless listed): user%host@domain becomes user@host, again and again
//   3. an address or domain in lmtproutes (lmtp_routes.h): lmtp, the address unchanged
//   4. a domain in locals: local, the address unchanged
//   5. virtualdomains, the first of: user@domain, domain, .parent (the longest first), the empty key. A value makes it
//      local as "value-address"; an empty value is an exception: remote
//   6. everything else: remote
//
// lmtproutes come first, so that single domains or addresses can be moved to an LMTP server while locals and
// virtualdomains stay as they are.
//
// Built once from its lists, then read only; any thread may ask. Domains are compared without regard to case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/queue/admitted.h"  // Channel
#include "core/route/domain_table.h"
#include "core/route/lmtp_routes.h"
#include "core/route/route_list.h"

namespace sluice::route {

struct RouterLists {
  std::vector<std::string> locals = {};          // a domain a line
  std::vector<std::string> virtualdomains = {};  // "key:value" a line
  std::vector<std::string> percenthack = {};     // a domain a line
  std::string envnoathost = {};                  // a domain
  std::vector<std::string> lmtproutes = {};      // "key:target" a line
};

struct Routed {
  queue::Channel channel = queue::Channel::kRemote;
  std::string address;
  friend bool operator==(const Routed&, const Routed&) = default;
};

class Router {
 public:
  static Result<Router, RouteError> build(const RouterLists& lists);

  Routed route(std::string address) const;

  // The address after rules 1 and 2.
  std::string rewritten(std::string address) const;

  // The other way: the address that rule 5 made this local one of; the same one if it made none. For people, who know
  // their correspondents by the addresses that they wrote.
  std::string without_prefix(std::string address) const;

  // This host is where mail for the address ends (rules 3 to 5 on a rewritten address). The empty key of
  // virtualdomains does not count: it says what to do with mail that was accepted, not that all mail is ours.
  bool is_own(std::string_view rewritten_address) const;

 private:
  enum class Match { kNone, kLmtp, kLocal, kVirtual, kEverything };
  struct Finding {
    Match match = Match::kNone;
    const std::string* prefix = nullptr;  // of kVirtual and kEverything
  };
  Finding find(std::string_view address) const;

  struct Present {};
  DomainTable<Present> locals_, percenthack_;
  DomainTable<std::string> virtual_;
  LmtpRoutes lmtp_;
  std::string envnoathost_;
};

}  // namespace sluice::route
