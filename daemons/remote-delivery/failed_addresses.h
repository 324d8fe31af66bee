// FailedAddresses: addresses whose silence has just cost a whole timeout. They are tried after the others for a while,
// so that one dead exchanger of several does not delay every new connection. Bounded; pure.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>

#include "base/time.h"

namespace sluice::remote {

class FailedAddresses {
 public:
  static constexpr Duration kRemembered = Seconds{120};
  static constexpr std::size_t kMost = 1024;

  void note(const std::string& address, MonoTime now) {
    if (until_.size() >= kMost) {
      erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
      if (until_.size() >= kMost) until_.clear();
    }
    until_[address] = now + kRemembered;
  }
  bool contains(const std::string& address, MonoTime now) const {
    const auto it = until_.find(address);
    return it != until_.end() && it->second > now;
  }

 private:
  boost::unordered_flat_map<std::string, MonoTime> until_;
};

}  // namespace sluice::remote
