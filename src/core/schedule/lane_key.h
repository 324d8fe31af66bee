// LaneKey: what a lane is called. `destination` is what the caller made of the recipient: a domain, a route, a local
// address.
#pragma once

#include <string_view>

#include "core/queue/admitted.h"

namespace sluice::schedule {

using queue::Channel;

struct LaneKey {
  Channel channel = Channel::kRemote;
  std::string_view destination;
  friend bool operator==(const LaneKey&, const LaneKey&) = default;
};

}  // namespace sluice::schedule
