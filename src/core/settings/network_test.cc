#include "core/settings/network.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::settings {
namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }
bool contains(std::string_view network, std::string_view inside) {
  return Network::parse(network).value().contains(address(inside));
}

TEST(Address, IsTheSameWhetherMappedOrNot) {
  EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
  EXPECT_EQ(address("[::1]"), address("::1"));
  EXPECT_EQ(address("192.0.2.1").to_text(), "192.0.2.1");
  EXPECT_EQ(address("2001:DB8:0::1").to_text(), "2001:db8::1");
}

TEST(Address, IsRefusedUnlessItIsOne) {
  for (const auto* text :
       {"", "mail", "192.0.2", "192.0.2.256", "[192.0.2.1]", "fe80::1%eth0", "::1]", ":::", "1.2.3.4 "}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("::1\0x", 5)));
  EXPECT_FALSE(Address::parse(std::string(1000, '1')));
}

TEST(Network, HoldsTheAddressesBelowItsPrefix) {
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(contains("10.64.0.0/10", "10.127.255.255"));
  EXPECT_FALSE(contains("10.64.0.0/10", "10.128.0.0"));
  EXPECT_TRUE(contains("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(contains("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(contains("192.0.2.0/24", "::ffff:192.0.2.7"));
}

TEST(Network, OfALoneAddressHoldsItAlone) {
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("[::1]", "::1"));
}

TEST(Network, OfEverythingStaysInItsFamily) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "203.0.113.9"));
}

TEST(Network, WithHostBitsOrAWrongPrefixNamesThePlace) {
  EXPECT_EQ(Network::parse("192.0.2.1/24").error().at, 0u);
  EXPECT_EQ(Network::parse("192.0.2.0/33").error().at, 10u);
  EXPECT_EQ(Network::parse("2001:db8::/129").error().at, 11u);
  EXPECT_FALSE(Network::parse("192.0.2.0/"));
  EXPECT_FALSE(Network::parse("192.0.2.0/-1"));
  EXPECT_FALSE(Network::parse(""));
}

TEST(Network, IsWrittenAsItWasRead) {
  for (const auto* text : {"127.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0"}) {
    EXPECT_EQ(Network::parse(text).value().to_text(), text);
  }
  const std::vector<Network> networks{Network::parse("127.0.0.0/8").value(), Network::parse("::1").value()};
  EXPECT_TRUE(any_contains(networks, address("::1")));
  EXPECT_FALSE(any_contains(networks, address("::2")));
}

TEST(Endpoint, NeedsAnAddressAndAPort) {
  EXPECT_EQ(Endpoint::parse("127.0.0.1:2525").value().to_text(), "127.0.0.1:2525");
  EXPECT_EQ(Endpoint::parse("[::1]:25").value().to_text(), "[::1]:25");
  for (const auto* text : {"", ":", "25", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "::1:25",
                           "[::1]", "[::1]25", "localhost:25", "]:25"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
  EXPECT_EQ(Endpoint::parse("127.0.0.1:x").error().at, 10u);
}

}  // namespace
}  // namespace sluice::settings
