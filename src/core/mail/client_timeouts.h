// ClientTimeouts: how long the SMTP client waits in each of its steps (RFC 5321 4.5.3.2): as the settings say, or as a
// queue run asks for the deliveries that it begins. The names are those of the settings timeout.NAME, and stand in the
// JSON of a queue run. Values only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace sluice::mail {

enum class ClientWait : std::uint8_t {
  kConnect,       // one connection
  kFirstConnect,  // the same at the first attempt of a message
  kAllConnects,   // all addresses of one attempt together
  kGreeting,
  kHello,
  kMail,
  kRcpt,
  kData,
  kBlock,
  kFinal,
  kQuit,
};
inline constexpr std::array<std::string_view, 11> kClientWaits{"connect",   "iconnect",  "aconnect", "greeting",
                                                               "helo",      "mail",      "rcpt",     "datainit",
                                                               "datablock", "datafinal", "quit"};

class ClientTimeouts {
 public:
  // 0: nothing is said.
  Seconds& operator[](ClientWait wait) { return times_[static_cast<std::size_t>(wait)]; }
  Seconds operator[](ClientWait wait) const { return times_[static_cast<std::size_t>(wait)]; }
  bool says_anything() const { return *this != ClientTimeouts{}; }

  // These, where the others say nothing else.
  ClientTimeouts overridden_by(const ClientTimeouts& others) const {
    ClientTimeouts both = others;
    for (std::size_t i = 0; i < times_.size(); ++i)
      if (both.times_[i] == Seconds::zero()) both.times_[i] = times_[i];
    return both;
  }

  friend bool operator==(const ClientTimeouts&, const ClientTimeouts&) = default;

 private:
  std::array<Seconds, kClientWaits.size()> times_{};
};

}  // namespace sluice::mail
