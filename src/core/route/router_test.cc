#include "core/route/router.h"

#include <gtest/gtest.h>

namespace sluice::route {
namespace {

constexpr auto kLocal = queue::Channel::kLocal;
constexpr auto kRemote = queue::Channel::kRemote;

Router router(RouterLists lists = {}) {
  if (lists.envnoathost.empty()) lists.envnoathost = "mx.example.net";
  return Router::build(lists).value();
}

Router usual() {
  return router({.locals = {"mx.example.net", "Example.NET"},
                 .virtualdomains = {"# ours", "virtual.example:joe", "bob@special.example:bob", ".wild.example:wild",
                                    "no.wild.example:", ".deep.wild.example:deep", "", "x@virtual.example:  "},
                 .percenthack = {},
                 .envnoathost = "mx.example.net"});
}

TEST(Router, AddressWithoutDomainGetsEnvnoathost) {
  EXPECT_EQ(usual().route("postmaster"), (Routed{kLocal, "postmaster@mx.example.net"}));
  EXPECT_EQ(usual().route(""), (Routed{kLocal, "@mx.example.net"}));
}

TEST(Router, DomainInLocalsIsLocalAndUnchanged) {
  EXPECT_EQ(usual().route("Ann@EXAMPLE.net"), (Routed{kLocal, "Ann@EXAMPLE.net"}));
}

TEST(Router, EverythingElseIsRemote) {
  EXPECT_EQ(usual().route("ann@example.org"), (Routed{kRemote, "ann@example.org"}));
  EXPECT_EQ(usual().route("ann@sub.example.net"), (Routed{kRemote, "ann@sub.example.net"}));
  EXPECT_EQ(usual().route("ann@"), (Routed{kRemote, "ann@"}));
}

TEST(Router, VirtualDomainPutsItsPrefixBeforeTheAddress) {
  EXPECT_EQ(usual().route("ann@Virtual.example"), (Routed{kLocal, "joe-ann@Virtual.example"}));
}

TEST(Router, WholeAddressIsLookedUpBeforeItsDomain) {
  EXPECT_EQ(usual().route("Bob@special.example"), (Routed{kLocal, "bob-Bob@special.example"}));
  EXPECT_EQ(usual().route("ann@special.example"), (Routed{kRemote, "ann@special.example"}));
}

TEST(Router, LongestWildcardCountsAndDoesNotMatchTheDomainItself) {
  EXPECT_EQ(usual().route("ann@a.b.wild.example"), (Routed{kLocal, "wild-ann@a.b.wild.example"}));
  EXPECT_EQ(usual().route("ann@a.deep.wild.example"), (Routed{kLocal, "deep-ann@a.deep.wild.example"}));
  EXPECT_EQ(usual().route("ann@wild.example"), (Routed{kRemote, "ann@wild.example"}));
}

TEST(Router, EmptyValueIsAnException) {
  EXPECT_EQ(usual().route("ann@no.wild.example"), (Routed{kRemote, "ann@no.wild.example"}));
  EXPECT_EQ(usual().route("x@virtual.example"), (Routed{kRemote, "x@virtual.example"}));
}

TEST(Router, EmptyKeyTakesWhatIsLeft) {
  const Router all = router({.locals = {"here.example"}, .virtualdomains = {":all", "out.example:"}});
  EXPECT_EQ(all.route("ann@anywhere.example"), (Routed{kLocal, "all-ann@anywhere.example"}));
  EXPECT_EQ(all.route("ann@here.example"), (Routed{kLocal, "ann@here.example"}));
  EXPECT_EQ(all.route("ann@out.example"), (Routed{kRemote, "ann@out.example"}));
}

TEST(Router, LocalsComeBeforeVirtualDomains) {
  const Router both = router({.locals = {"a.example"}, .virtualdomains = {"a.example:v", "ann@a.example:v"}});
  EXPECT_EQ(both.route("ann@a.example"), (Routed{kLocal, "ann@a.example"}));
}

TEST(Router, PercentIsAnOrdinaryCharacterUnlessListed) {
  EXPECT_EQ(usual().route("a%b.example@mx.example.net"), (Routed{kLocal, "a%b.example@mx.example.net"}));
  const Router hack = router({.locals = {"here.example"}, .percenthack = {"here.example"}});
  EXPECT_EQ(hack.route("a%b.example%here.example@here.example"), (Routed{kRemote, "a@b.example"}));
  EXPECT_EQ(hack.route("a@here.example"), (Routed{kLocal, "a@here.example"}));
  EXPECT_EQ(hack.route("%@here.example"), (Routed{kRemote, "@"}));
}

TEST(Router, OwnIsWhatEndsHere) {
  EXPECT_TRUE(usual().is_own("ann@example.net"));
  EXPECT_TRUE(usual().is_own("ann@x.wild.example"));
  EXPECT_FALSE(usual().is_own("ann@no.wild.example"));
  EXPECT_FALSE(usual().is_own("ann@example.org"));
  EXPECT_FALSE(router({.locals = {}, .virtualdomains = {":all"}}).is_own("ann@example.org"));
}

TEST(Router, ErrorNamesListLineAndText) {
  const auto error_of = [](RouterLists lists) {
    if (lists.envnoathost.empty()) lists.envnoathost = "mx";
    return to_string(Router::build(lists).error());
  };
  EXPECT_EQ(error_of({.locals = {"# one", "", "bad domain"}}), "locals line 3: not a domain: bad domain");
  EXPECT_EQ(error_of({.virtualdomains = {"a.example"}}),
            "virtualdomains line 1: expected DOMAIN:PREFIX, USER@DOMAIN:PREFIX, .SUFFIX:PREFIX or :PREFIX: a.example");
  EXPECT_EQ(error_of({.virtualdomains = {"a.example:x", "a b:y"}}),
            "virtualdomains line 2: not a domain or address before the colon: a b:y");
  EXPECT_EQ(error_of({.virtualdomains = {"a.example:x y"}}),
            "virtualdomains line 1: white space or controls behind the colon: a.example:x y");
  EXPECT_EQ(error_of({.percenthack = {"\x01"}}), "percenthack line 1: not a domain: ?");
  EXPECT_EQ(error_of({.envnoathost = "a@b"}), "envnoathost line 1: not a domain: a@b");
}

TEST(Router, DomainOfManyDotsIsLookedUpQuickly) {
  std::string dots = "ann@";
  for (int i = 0; i < 100000; ++i) dots += "a.";
  EXPECT_EQ(usual().route(dots).channel, kRemote);
}

TEST(Router, TakesThePrefixOfAVirtualDomainOffAgain) {
  for (const char* address : {"ann@virtual.example", "ann-list@virtual.example", "bob@special.example",
                              "a@b.wild.example", "@virtual.example", "ann@example.net", "x-y@mx.example.net"})
    EXPECT_EQ(usual().without_prefix(usual().route(address).address), address);
  EXPECT_EQ(usual().without_prefix("joe-ann@example.org"), "joe-ann@example.org");
  EXPECT_EQ(usual().without_prefix("no at sign-"), "no at sign-");
  EXPECT_EQ(usual().without_prefix(""), "");
  const std::string long_one = std::string(60'000, '-') + "@virtual.example";
  EXPECT_EQ(usual().without_prefix(long_one), long_one);
}

TEST(Router, LmtpRoutesCountBeforeEverythingElseAndAreOurOwn) {
  const Router with_store = router({.locals = {"mx.example.net", "store.example"},
                                    .virtualdomains = {"virtual.example:joe"},
                                    .lmtproutes = {"store.example:/run/lmtp", "ann@virtual.example:127.0.0.1:2400",
                                                   "bob@store.example:", ".deep.example:[::1]"}});
  EXPECT_EQ(with_store.route("x@STORE.example"), (Routed{queue::Channel::kLmtp, "x@STORE.example"}));
  EXPECT_EQ(with_store.route("ann@virtual.example"), (Routed{queue::Channel::kLmtp, "ann@virtual.example"}));
  EXPECT_EQ(with_store.route("eve@virtual.example"), (Routed{kLocal, "joe-eve@virtual.example"}));
  EXPECT_EQ(with_store.route("bob@store.example"), (Routed{kLocal, "bob@store.example"})) << "an exception";
  EXPECT_TRUE(with_store.is_own("x@a.deep.example"));
  EXPECT_FALSE(with_store.is_own("x@deep.example"));
}

}  // namespace
}  // namespace sluice::route
