// How many connections are served at once, in all and for one client. Each process counts its own. Pure.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "core/settings/network.h"

namespace sluice::smtp_server {

class Admission {
 public:
  struct Limits {
    std::size_t total = 1000;
    std::size_t per_client = 50;
  };
  enum class Verdict : std::uint8_t {
    kWelcome,         // counted: leave() must follow
    kFull,            // the server serves as many as it may
    kClientHasEnough  // this client alone does
  };

  explicit Admission(Limits limits) : limits_(limits) {}
  // Counts for connections from now on; those that are here stay.
  void set_limits(Limits limits) { limits_ = limits; }

  Verdict enter(const settings::Address& client) {
    if (total_ >= limits_.total) return Verdict::kFull;
    const auto [known, is_new] = clients_.try_emplace(client, 0);
    if (known->second >= limits_.per_client) return Verdict::kClientHasEnough;  // a limit is at least 1: not new
    ++known->second;
    ++total_;
    return Verdict::kWelcome;
  }
  void leave(const settings::Address& client) {
    const auto known = clients_.find(client);
    if (known == clients_.end()) return;
    --total_;
    if (--known->second == 0) clients_.erase(known);
  }

  std::size_t total() const { return total_; }
  std::size_t clients() const { return clients_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const settings::Address& address) const {
      const auto* const octets = reinterpret_cast<const char*>(address.octets().data());
      const std::uint64_t mixed = (load_le<std::uint64_t>(octets) ^ 0x9E3779B97F4A7C15ULL) * 0xD6E8FEB86659FD93ULL +
                                  load_le<std::uint64_t>(octets + 8);
      return (mixed ^ mixed >> 32) * 0x9E3779B97F4A7C15ULL;
    }
  };

  Limits limits_;
  std::size_t total_ = 0;
  boost::unordered_flat_map<settings::Address, std::uint32_t, Hash> clients_;
};

}  // namespace sluice::smtp_server
