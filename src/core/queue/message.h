// Names of stored things: a message, and where its body lies.
#pragma once

#include <cstdint>

#include "base/id.h"
#include "base/time.h"

namespace sluice::queue {

struct MessageTag;
// A message, unique in the instance for ever; printed in decimal everywhere (logs, mailq, `sluice queue`).
// Made of the time and the number of its queue, so ids of one queue ascend and need no counter that could be lost:
//   bits 63..20  milliseconds since 2026-01-01 00:00:00 UTC
//   bits 19..10  number of the queue, 0..1023 (the N of queueN)
//   bit  9       who made it (IdMaker)
//   bits  8..0   counts messages of the same millisecond; when it overflows the next millisecond is borrowed
using MessageId = Id<MessageTag>;

inline constexpr unsigned kQueueNumbers = 1024;

constexpr unsigned queue_number_of(MessageId id) { return static_cast<unsigned>(id.raw() >> 10 & 0x3FF); }

// Two processes of a queue make ids, without asking each other.
enum class IdMaker : std::uint8_t {
  kIntake = 0,    // of what is accepted
  kAdoption = 1,  // qmail-send, of what it takes over from another family's queue
};

// The id of the next message that `maker` accepts at `now` in queue `number`, greater than `last` (zero: none yet) even
// if the clock stood still or went back. `last` may be anybody's.
MessageId next_message_id(MessageId last, unsigned number, WallTime now, IdMaker maker = IdMaker::kIntake);

struct LsnTag;
// A position in the journal of one queue: octets since the journal began. A segment file is named by its first.
using Lsn = Id<LsnTag>;

// Where the octets of a body are. Valid until the message is done, or moved (State record Moved).
struct BodyRef {
  enum class Storage : std::uint8_t {
    kJournal = 0,  // file journal/<segment>.seg, `length` octets from `offset`
    kFile = 1,     // file mess/<split>/<segment as inode>, whole
  };
  Storage storage = Storage::kJournal;
  std::uint64_t segment = 0;  // first LSN of the segment, or inode number of the file
  std::uint32_t offset = 0;   // octets from the start of the segment file; 0 for a file
  std::uint64_t length = 0;   // octets of the body
  friend bool operator==(const BodyRef&, const BodyRef&) = default;
};

}  // namespace sluice::queue
