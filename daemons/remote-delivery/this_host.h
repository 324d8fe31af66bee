// ThisHost: what mail calls this machine, so that a delivery does not come back to it (RFC 5321 5.1: a host that finds
// itself among the exchangers must not try those that are not better).
#pragma once

#include <string>
#include <vector>

#include "core/settings/network.h"

namespace sluice::remote {

class ThisHost {
 public:
  // `listening`: where our SMTP server takes mail. Where that is a wildcard address, all addresses of the machine's
  // interfaces count; they are read once, here.
  ThisHost(std::vector<std::string> names, std::vector<settings::Endpoint> listening);

  const std::vector<std::string>& names() const { return names_; }
  // Whether a connection to this numeric address and port would reach our own SMTP server.
  bool answers_at(const std::string& address, std::uint16_t port) const;

 private:
  std::vector<std::string> names_;
  std::vector<settings::Endpoint> listening_;
  std::vector<settings::Address> interfaces_;
};

}  // namespace sluice::remote
