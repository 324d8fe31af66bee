// The child of one delivery: becomes the recipient, puts the message into his Maildir, tells what came of it, and ends.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "core/link/messages.h"
#include "mailbox_owner.h"
#include "system/os/fd.h"

namespace sluice::local_delivery {

struct Letter {
  std::string sender, recipient;
  mail::LineForm line_form = mail::LineForm::kCrlf;
  std::string body;  // the message, if it is small
  os::Fd file;       // else open for reading, and nobody else's
  std::string host;  // of this machine, for the name in the Maildir
  std::uint64_t sequence = 0;
};

struct Child {
  pid_t pid = 0;
  os::Fd report;  // readable when it has something to say; its end is the child's
};

// Starts it. `maildir` is seen from the owner's home, unless it is absolute. The errno if no process could be made.
Result<Child, int> start_delivery(const MailboxOwner& owner, const std::string& maildir, Letter letter);

// Reads what the child said. Nothing: it died before it could, or it said nonsense.
std::optional<mail::Outcome> read_report(Octets octets);

}  // namespace sluice::local_delivery
