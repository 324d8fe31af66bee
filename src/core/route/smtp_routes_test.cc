#include "core/route/smtp_routes.h"

#include <gtest/gtest.h>

namespace sluice::route {
namespace {

SmtpRoutes routes(std::vector<std::string> lines) { return SmtpRoutes::build(lines).value(); }

TEST(SmtpRoutes, WithoutRoutesMailGoesByMx) {
  EXPECT_EQ(routes({}).destination("Example.ORG"), "example.org");
  EXPECT_EQ(routes({}).destination("[192.0.2.1]"), "[192.0.2.1]");
}

TEST(SmtpRoutes, MostSpecificLineCounts) {
  const SmtpRoutes some = routes({"# relays", "a.example:relay1.example:2525", ".example:relay2.example",
                                  ".b.example:192.0.2.7:26", ":catchall.test", ""});
  EXPECT_EQ(some.destination("A.example"), "[relay1.example]:2525");
  EXPECT_EQ(some.destination("c.example"), "[relay2.example]:25");
  EXPECT_EQ(some.destination("x.b.example"), "[192.0.2.7]:26");
  EXPECT_EQ(some.destination("example"), "[catchall.test]:25");
  EXPECT_EQ(some.destination("other.test"), "[catchall.test]:25");
}

TEST(SmtpRoutes, EmptyHostMeansMxAfterAll) {
  const SmtpRoutes some = routes({":relay.test", "direct.example:", "port.example::2525"});
  EXPECT_EQ(some.destination("Direct.example"), "direct.example");
  EXPECT_EQ(some.destination("port.example"), "port.example:2525");
}

TEST(SmtpRoutes, HostMayBeAnAddressInBrackets) {
  const SmtpRoutes some = routes({"a.example:[2001:DB8::1]:2525", "b.example:[192.0.2.1]", "c.example:[IPv6:::1]:"});
  EXPECT_EQ(some.destination("a.example"), "[2001:db8::1]:2525");
  EXPECT_EQ(some.destination("b.example"), "[192.0.2.1]:25");
  EXPECT_EQ(some.destination("c.example"), "[::1]:25");
}

TEST(SmtpRoutes, WhatIsNoDomainHasNoDestination) {
  for (const char* bad : {"", "a b", "[10.0.0.1]:22", "a:25", "[", "[]", "[IPv6:]", "a@b", "a\r\nb"})
    EXPECT_EQ(routes({}).destination(bad), "") << bad;
}

TEST(SmtpRoutes, BadLinesAreNamed) {
  const auto error_of = [](std::string line) {
    const std::vector<std::string> lines{"", line};
    return to_string(SmtpRoutes::build(lines).error());
  };
  EXPECT_EQ(error_of("a.example"), "smtproutes line 2: expected DOMAIN:HOST or DOMAIN:HOST:PORT: a.example");
  constexpr const char* kPort =
      "smtproutes line 2: the port is not a number from 1 to 65535 (and an IPv6 address stands in brackets): ";
  for (const char* line : {"a.example:h:0", "a.example:h:65536", "a.example:h:25x", "a.example:2001:db8::1", "a:b:1:2"})
    EXPECT_EQ(error_of(line), std::string(kPort) + line);
  EXPECT_EQ(error_of("a b:h"), "smtproutes line 2: not a domain before the first colon: a b:h");
  EXPECT_EQ(error_of("a:h i"), "smtproutes line 2: not a host behind the first colon: a:h i");
}

TEST(Destination, IsReadBackFromItsName) {
  EXPECT_EQ(parse_destination("example.org"), (Destination{false, "example.org", 25}));
  EXPECT_EQ(parse_destination("example.org:2525"), (Destination{false, "example.org", 2525}));
  EXPECT_EQ(parse_destination("[relay.example]:26"), (Destination{true, "relay.example", 26}));
  EXPECT_EQ(parse_destination("[2001:db8::1]:25"), (Destination{true, "2001:db8::1", 25}));
  EXPECT_EQ(parse_destination("[192.0.2.1]"), (Destination{true, "192.0.2.1", 25}));
  EXPECT_EQ(parse_destination("[IPv6:2001:db8::1]"), (Destination{true, "2001:db8::1", 25}));
}

TEST(Destination, NamesOfNothingAreRefused) {
  for (const char* bad : {"", "[", "[]", "[]:25", "[a", "a]", ":25", "a:", "a:0", "a:70000", "[a]b", "[a]:", "a b"})
    EXPECT_EQ(parse_destination(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace sluice::route
