#include "core/route/relay_policy.h"

#include <gtest/gtest.h>

namespace sluice::route {
namespace {

Router own(RouterLists lists = {.locals = {"here.example"}, .virtualdomains = {"virtual.example:v"}}) {
  lists.envnoathost = "here.example";
  return Router::build(lists).value();
}

RelayPolicy policy(std::vector<std::string> rcpthosts = {}) { return RelayPolicy::build(rcpthosts).value(); }

TEST(RelayPolicy, StrangersReachOurOwnDomainsOnly) {
  EXPECT_TRUE(policy().accepts("ann@Here.example", false, own()));
  EXPECT_TRUE(policy().accepts("ann@virtual.example", false, own()));
  EXPECT_TRUE(policy().accepts("postmaster", false, own()));
  EXPECT_FALSE(policy().accepts("ann@else.example", false, own()));
}

TEST(RelayPolicy, TrustedClientsReachEverything) { EXPECT_TRUE(policy().accepts("ann@else.example", true, own())); }

TEST(RelayPolicy, RcpthostsAreAcceptedExactlyOrByWildcard) {
  const RelayPolicy some = policy({"Relay.example", ".wild.example"});
  EXPECT_TRUE(some.accepts("ann@relay.example", false, own()));
  EXPECT_FALSE(some.accepts("ann@sub.relay.example", false, own()));
  EXPECT_TRUE(some.accepts("ann@a.b.wild.example", false, own()));
  EXPECT_FALSE(some.accepts("ann@wild.example", false, own()));
}

TEST(RelayPolicy, TricksInTheLocalPartOpenNothing) {
  EXPECT_FALSE(policy().accepts("ann@here.example@else.example", false, own()));
  EXPECT_FALSE(policy().accepts("@here.example:ann@else.example", false, own()));
  const Router hack = own({.locals = {"here.example"}, .virtualdomains = {}, .percenthack = {"here.example"}});
  EXPECT_FALSE(policy({"here.example"}).accepts("ann%else.example@here.example", false, hack));
}

TEST(RelayPolicy, CatchAllVirtualDomainDoesNotOpenTheHost) {
  EXPECT_FALSE(policy().accepts("ann@else.example", false, own({.locals = {}, .virtualdomains = {":all"}})));
}

TEST(RelayPolicy, BadLineIsNamed) {
  const std::vector<std::string> lines{"ok.example", "not ok"};
  EXPECT_EQ(to_string(RelayPolicy::build(lines).error()), "rcpthosts line 2: not a domain: not ok");
}

}  // namespace
}  // namespace sluice::route
