// The Received field (RFC 5321 4.4) that qmail-queue writes on top of a message. Pure. What the caller's environment
// says about host and client is written only if it looks like what it should be.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace sluice::qmail_queue {

struct Invocation {
  unsigned uid = 0;  // real
  unsigned pid = 0;
  std::optional<unsigned> alias_uid, scheduler_uid;
  std::string host;        // a candidate; what is no host name is left out
  std::string client;      // TCPREMOTEIP
  bool hide_host = false;  // HIDE_HOST: neither host nor client
  WallTime now{};
};

// Two lines, each with its LF.
std::string received_field(const Invocation& invocation);

}  // namespace sluice::qmail_queue
