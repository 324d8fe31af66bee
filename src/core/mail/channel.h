// How a recipient is reached. The numbers stand on links and on disk; the names stand in logs and listings.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::mail {

enum class Channel : std::uint8_t {
  kLocal = 0,   // a mailbox of this host
  kRemote = 1,  // SMTP
  kLmtp = 2,    // LMTP (RFC 2033)
};

constexpr std::string_view to_string(Channel channel) {
  switch (channel) {
    case Channel::kLocal:
      return "local";
    case Channel::kRemote:
      return "remote";
    case Channel::kLmtp:
      return "lmtp";
  }
  return "unknown";
}

}  // namespace sluice::mail
