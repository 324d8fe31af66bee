// Addresses of the Internet, networks of them, and endpoints (address and port), as values. Pure: nothing here opens a
// socket or asks a name server. IPv4 addresses are kept as IPv4-mapped IPv6 addresses (RFC 4291 2.5.5.2), so a client
// that reached a dual-stack socket as ::ffff:192.0.2.1 is the same as 192.0.2.1 everywhere.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/grammar_error.h"
#include "base/result.h"

namespace sluice::settings {

class Address {
 public:
  Address() = default;                                              // ::
  static Address from_v4(std::span<const std::uint8_t, 4> octets);  // network order
  static Address from_v6(std::span<const std::uint8_t, 16> octets);
  // "192.0.2.1", "2001:db8::1" or the latter in brackets; no names, no zone ("%eth0").
  static std::optional<Address> parse(std::string_view text);

  bool is_v4() const;
  std::span<const std::uint8_t, 16> octets() const { return octets_; }
  std::string to_text() const;  // without brackets; IPv4 in dotted form
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};
};

// A network in the notation of RFC 4632 3.1 and RFC 4291 2.3: "192.0.2.0/24", "2001:db8::/32"; a lone address (also in
// brackets) is the network of that one address. Bits behind the prefix must be zero: "192.0.2.1/24" is an error,
// because one cannot tell whether the host or the network was meant.
class Network {
 public:
  static Result<Network, GrammarError> parse(std::string_view text);
  bool contains(const Address& address) const;
  std::string to_text() const;
  friend bool operator==(const Network&, const Network&) = default;

 private:
  Network(Address base, unsigned bits) : base_(base), bits_(bits) {}
  Address base_;
  unsigned bits_;  // of the 128 of the mapped form
};

bool any_contains(std::span<const Network> networks, const Address& address);

// Where to listen or connect: "127.0.0.1:25", "[::1]:25". The port is 1 to 65535 and always written.
struct Endpoint {
  Address address;
  std::uint16_t port = 0;
  static Result<Endpoint, GrammarError> parse(std::string_view text);
  std::string to_text() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace sluice::settings
