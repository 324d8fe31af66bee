// What deliveries into a Maildir and into an mbox have in common: where a message comes from, and why it was not
// delivered. Pure but for the names of errors.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/outcome.h"

namespace sluice::mailbox {

enum class Reason : std::uint8_t {
  kMissing,      // the mailbox, or a directory on the way to it, does not exist
  kNotAMailbox,  // something else stands there: a device, a file for a directory, a link that may not be followed
  kDenied,       // no permission, or a read-only file system
  kLocked,       // an mbox: somebody else held a lock through all tries
  kNoSpace,      // the disk is full
  kQuota,        // the recipient's quota or file size limit is used up
  kDisk,         // any other error of the system
  kTorn,         // an mbox: as kDisk, and it could not be cut back either: the intent stays for the next delivery
  kNames,        // a Maildir: no unused name could be found
  kSource,       // the message could not be read
  kLoop,         // the message was here before: its header bears the recipient's Delivered-To
};

// Why a message was not delivered. Only kLoop is permanent.
struct Trouble {
  Reason reason = Reason::kDisk;
  mail::EnhancedCode code;
  std::string text;  // one line for the log and the sender, ending in "(#4.3.1)" or the like
  bool temporary() const { return reason != Reason::kLoop; }
};

Trouble trouble(Reason reason, std::string_view text);

// `step` is what was tried, e.g. "write to maildir": "Unable to write to maildir: No space left on device. (#4.3.1)".
Trouble system_trouble(std::string_view step, int error);
Trouble source_trouble(std::string_view why);
Trouble loop_trouble();

mail::Outcome to_outcome(const Trouble& trouble);

// Gives the body piece by piece; an empty piece is its end. A piece is valid until the next call. The error is a text.
using Source = std::function<Result<Octets, std::string>()>;

}  // namespace sluice::mailbox
