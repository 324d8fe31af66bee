#include "this_host.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace sluice::remote {

namespace {

using settings::Address;

bool is_wildcard(const Address& address) { return address == Address() || address == Address::parse("0.0.0.0"); }

bool is_loopback(const Address& address) {
  static const auto loopback = settings::Network::parse("127.0.0.0/8");
  return loopback->contains(address) || address == Address::parse("::1");
}

std::vector<Address> interface_addresses() {
  std::vector<Address> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, &::freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      std::uint8_t octets[4];
      std::memcpy(octets, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, sizeof octets);
      found.push_back(Address::from_v4(octets));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      std::uint8_t octets[16];
      std::memcpy(octets, &reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr, sizeof octets);
      found.push_back(Address::from_v6(octets));
    }
  }
  return found;
}

}  // namespace

ThisHost::ThisHost(std::vector<std::string> names, std::vector<settings::Endpoint> listening)
    : names_(std::move(names)), listening_(std::move(listening)) {
  const auto on_all = [](const settings::Endpoint& at) { return is_wildcard(at.address); };
  if (std::any_of(listening_.begin(), listening_.end(), on_all)) interfaces_ = interface_addresses();
}

bool ThisHost::answers_at(const std::string& address, std::uint16_t port) const {
  const auto parsed = Address::parse(address);
  if (!parsed) return false;
  // A connection to the wildcard address is one to this machine.
  const bool this_machine = is_wildcard(*parsed) || is_loopback(*parsed) ||
                            std::find(interfaces_.begin(), interfaces_.end(), *parsed) != interfaces_.end();
  return std::any_of(listening_.begin(), listening_.end(), [&](const settings::Endpoint& at) {
    if (at.port != port) return false;
    return at.address == *parsed || (is_wildcard(at.address) && this_machine) ||
           (is_wildcard(*parsed) && is_loopback(at.address));
  });
}

}  // namespace sluice::remote
