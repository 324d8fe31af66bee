// Sends a letter on to other addresses, as one new message that is handed in like any other program's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "body.h"
#include "core/link/worker.h"
#include "core/mail/outcome.h"

namespace sluice::mailbox_delivery {

struct Forwarding {
  std::string sender;
  std::vector<std::string> addresses;  // without '@': of this host
  // What its sender asked to be told goes with it, because nothing else becomes of the letter and it stays his
  // (RFC 3461 5.2.7): one address that reports in our place, or several of which only failures are told.
  bool keep_notify = false;
};

// Nothing: the message is durable in a queue. Else why not.
std::optional<mail::Outcome> forward(const link::Letter& letter, const Body& body, const Forwarding& forwarding);

}  // namespace sluice::mailbox_delivery
