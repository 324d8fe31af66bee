// The records of the state log (docs/formats.md, "State log"): what qmail-send knows about each message, one fact each.
// A record is a type octet and fields; how records are framed in a file is state_frame.h. Applying a record twice, or
// applying records to an image that already contains them, changes nothing (image.h), which is what lets a snapshot be
// taken in slices while the log goes on.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "core/mail/outcome.h"
#include "core/queue/admitted.h"
#include "core/queue/message.h"

namespace sluice::queue {

enum class StateType : std::uint8_t {
  kAdmitted = 1,
  kDeferred = 2,
  kSettled = 3,
  kBounced = 4,
  kMoved = 5,
  kFinished = 6,
  kSeen = 7,
  kSegment = 8,
  kRemoved = 9,
  kWarned = 10,
  kHeld = 11,
  kGivenUp = 12,
};

// Octet strings in these are views; in a decoded record they point into its octets.
struct Deferred {  // these recipients were tried and will be tried again
  MessageId id;
  WallTime next_attempt{};
  std::uint16_t attempts = 0;             // so far
  Octets text;                            // what the destination said, at most mail::kMaximumText octets
  std::vector<std::uint32_t> recipients;  // indexes into Admitted::routed
};
struct Settled {  // this recipient is done
  MessageId id;
  std::uint32_t recipient = 0;
  mail::Verdict verdict = mail::Verdict::kDelivered;  // kDelivered or kFailed
  Octets text;                                        // for the report, empty if none will be due
  mail::Reached reached = mail::Reached::kMailbox;    // of kDelivered, where a report of success will be due
};
struct Warned {  // its sender was told that it is late, or need not be: not again
  MessageId id;
  MessageId report;  // the message that says so; zero: there is none
};
struct Held {  // an operator holds the message (sendmail: quarantines it), or releases it; the last such record counts
  MessageId id;
  bool on = false;
  Octets reason;  // for people, at most mail::kMaximumText octets; empty when released
};
struct GivenUp {  // an operator wants it returned to its sender without another attempt
  MessageId id;
};
struct Bounced {  // the report of this message is queued as message `bounce`
  MessageId id;
  MessageId bounce;
};
struct Moved {  // the body lies elsewhere now
  MessageId id;
  BodyRef body;
};
struct Finished {  // all recipients are done and reported; the message is gone
  MessageId id;
};
struct Seen {  // everything in the journal before `next` is known, also where no message came of it
  Lsn next;
};
struct Segment {  // this segment of the journal exists (written in snapshots, so that an empty one is not forgotten)
  std::uint64_t segment = 0;
};
struct Removed {  // this segment is gone
  std::uint64_t segment = 0;
};

using StateRecord = std::variant<AdmittedView, Deferred, Settled, Bounced, Moved, Finished, Seen, Segment, Removed,
                                 Warned, Held, GivenUp>;

// Appends the record with its type octet.
void encode_state(std::string& out, const AdmittedView& record);
void encode_state(std::string& out, const Admitted& record);
void encode_state(std::string& out, const Deferred& record);
void encode_state(std::string& out, const Settled& record);
void encode_state(std::string& out, const Bounced& record);
void encode_state(std::string& out, const Moved& record);
void encode_state(std::string& out, const Finished& record);
void encode_state(std::string& out, const Seen& record);
void encode_state(std::string& out, const Segment& record);
void encode_state(std::string& out, const Removed& record);
void encode_state(std::string& out, const Warned& record);
void encode_state(std::string& out, const Held& record);
void encode_state(std::string& out, const GivenUp& record);
inline void encode_state(std::string& out, const StateRecord& record) {
  std::visit([&](const auto& each) { encode_state(out, each); }, record);
}

// nullopt: unknown type or malformed. The envelope inside AdmittedView is not looked into.
std::optional<StateRecord> decode_state(Octets record);

}  // namespace sluice::queue
