#include "core/settings/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/settings/quantity.h"

namespace sluice::settings {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

bool bit(std::span<const std::uint8_t, 16> octets, unsigned n) { return (octets[n / 8] >> (7 - n % 8) & 1) != 0; }

}  // namespace

Address Address::from_v4(std::span<const std::uint8_t, 4> octets) {
  Address address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.octets_.begin());
  std::copy(octets.begin(), octets.end(), address.octets_.begin() + kMappedPrefix.size());
  return address;
}

Address Address::from_v6(std::span<const std::uint8_t, 16> octets) {
  Address address;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

std::optional<Address> Address::parse(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<std::uint8_t, 16> octets{};
  if (!bracketed && inet_pton(AF_INET, terminated.data(), octets.data()) == 1) {
    return from_v4(std::span(octets).first<4>());
  }
  if (inet_pton(AF_INET6, terminated.data(), octets.data()) == 1) return from_v6(octets);
  return std::nullopt;
}

bool Address::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets_.begin()); }

std::string Address::to_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? octets_.data() + kMappedPrefix.size() : octets_.data(), text.data(),
            static_cast<socklen_t>(text.size()));
  return text.data();
}

Result<Network, GrammarError> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return fail(GrammarError{0, fmt::format("\"{}\" is not an IP address", text.substr(0, slash))});
  const unsigned unused = base->is_v4() && text.find(':') == text.npos ? kMappedBits : 0;
  unsigned bits = 128;
  if (slash != text.npos) {
    const auto length = parse_integer(text.substr(slash + 1));
    if (!length || *length > 128 - unused) {
      return fail(GrammarError{slash + 1, fmt::format("the prefix length must be 0 to {}", 128 - unused)});
    }
    bits = unused + static_cast<unsigned>(*length);
  }
  for (unsigned n = bits; n < 128; ++n) {
    if (bit(base->octets(), n)) {
      return fail(GrammarError{0, fmt::format("\"{}\" has address bits behind its prefix", text)});
    }
  }
  return Network(*base, bits);
}

bool Network::contains(const Address& address) const {
  if (bits_ < kMappedBits && address.is_v4()) return false;  // ::/0 is all of IPv6 and nothing of IPv4
  const auto ours = base_.octets();
  const auto theirs = address.octets();
  const unsigned whole = bits_ / 8;
  if (!std::equal(ours.begin(), ours.begin() + whole, theirs.begin())) return false;
  return bits_ % 8 == 0 || (ours[whole] ^ theirs[whole]) >> (8 - bits_ % 8) == 0;
}

std::string Network::to_text() const {
  const bool v4 = base_.is_v4() && bits_ >= kMappedBits;
  if (bits_ == 128) return base_.to_text();
  return fmt::format("{}/{}", base_.to_text(), v4 ? bits_ - kMappedBits : bits_);
}

bool any_contains(std::span<const Network> networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& n) { return n.contains(address); });
}

Result<Endpoint, GrammarError> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon == text.npos || (bracketed && (colon == 0 || text[colon - 1] != ']'))) {
    return fail(GrammarError{text.size(), "the port is missing"});
  }
  const auto address = Address::parse(text.substr(0, colon));
  if (!address) return fail(GrammarError{0, fmt::format("\"{}\" is not an IP address", text.substr(0, colon))});
  if (!bracketed && text.find(':') != colon) {
    return fail(GrammarError{0, "an IPv6 address stands in brackets when a port follows"});
  }
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return fail(GrammarError{colon + 1, "the port must be 1 to 65535"});
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::to_text() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_text(), port)
                         : fmt::format("[{}]:{}", address.to_text(), port);
}

}  // namespace sluice::settings
