// What the two-channel forms of the family (the status line, shared memory) call remote: everything that leaves by
// qmail-rspawn, so SMTP and LMTP together. Where nothing is routed to LMTP its limit would only confuse.
#pragma once

#include <cstdint>

#include "core/schedule/views.h"

namespace sluice::scheduler {

struct Use {
  std::uint32_t in_flight = 0, limit = 0;
  friend bool operator==(const Use&, const Use&) = default;
};

inline Use use_of_remote(const schedule::ChannelStatus& remote, const schedule::ChannelStatus& lmtp, bool lmtp_routed) {
  if (!lmtp_routed && lmtp.in_flight == 0) return {remote.in_flight, remote.limit};
  return {remote.in_flight + lmtp.in_flight, remote.limit + lmtp.limit};
}

}  // namespace sluice::scheduler
