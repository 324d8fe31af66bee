// The durable queue behind one small interface, role for role as the daemons hold it: each process opens only the role
// it has, so rights follow roles (file owners here; grants in a store that lives in a database). The conformance suite
// (store_conformance.h) states what every implementation must do.
//
//   BodyWriter    qmail-intake    the only writer of bodies and envelopes
//   BodyReader    the spawners, qmail-send (failure reports)
//   BodyRemover   qmail-clean     the only remover
//   StateLog      qmail-send      what happened to each recipient
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/queue/message.h"

namespace sluice::store {

struct Trouble {     // an expected failure of the disk or the database
  int code = 0;      // errno, 0 if none fits
  std::string what;  // "cannot write journal/0000000000000000.seg: No space left on device"
};

struct NewBody {           // views valid during append()
  Octets envelope;         // encoded, core/queue/envelope_codec.h
  Octets body;             // in the journal; empty with `file` set
  std::uint64_t file = 0;  // inode of a finished LargeBody, 0: the body is `body`
  std::uint64_t file_length = 0;
  std::uint32_t uid = 0, pid = 0;                  // the submitter
  std::optional<WallTime> arrival = std::nullopt;  // if it is not now
  // False (SuperSafe=False): accepted when the system has the octets. It then survives the death of any process, but
  // power loss only once the system has written it by itself, or something durable came behind it.
  bool durable = true;
};

struct Stored {
  queue::MessageId id;
  queue::Lsn next;  // first LSN after the record
  WallTime arrival{};
  queue::BodyRef body;
};

struct Replayed {  // views valid during the visit
  queue::MessageId id;
  queue::Lsn next;
  WallTime arrival{};
  std::uint32_t uid = 0, pid = 0;
  queue::BodyRef body;
  Octets envelope;
};

// A body too large for the journal, being written to a file of its own. Destroyed unfinished: nothing is left.
class LargeBody {
 public:
  virtual ~LargeBody() = default;
  virtual Result<void, Trouble> write(Octets octets) = 0;
  // Makes the file durable under its final name. After it, BodyWriter::append with file = inode() accepts the message.
  virtual Result<void, Trouble> finish() = 0;
  // Takes a finished body away again, because append() did not accept its message.
  virtual void discard() = 0;
  virtual std::uint64_t inode() const = 0;
  virtual std::uint64_t length() const = 0;
};

class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // Makes all of `batch` durable with one sync, unless nothing in it is to be: when it returns a value, each message
  // survives power loss. On failure
  // none of the batch is accepted, nothing of it will be replayed as far as the disk allows, and the writer goes on
  // with a new segment at the next call (a failed sync is never retried).
  virtual Result<std::vector<Stored>, Trouble> append(std::span<const NewBody> batch, WallTime now) = 0;
  virtual Result<std::unique_ptr<LargeBody>, Trouble> open_large() = 0;
  // Visits every whole message record that begins at or after `from`, in order; records that fail their checksum are
  // set aside (quarantine) and named through `bad`. Returns where to resume: end() after the last record, or, when
  // `visit` answered false, the end of the record just visited.
  virtual Result<queue::Lsn, Trouble> replay(queue::Lsn from, const std::function<bool(const Replayed&)>& visit,
                                             const std::function<void(const std::string& what)>& bad) = 0;
  // Copies a body that lies in the journal to its end, durably. The copy is no new message: replay() skips it.
  virtual Result<std::vector<queue::BodyRef>, Trouble> relocate(
      std::span<const std::pair<queue::MessageId, queue::BodyRef>> bodies) = 0;
  virtual queue::Lsn end() const = 0;
  // First LSN of the segment that append() writes to now; it is not to be removed.
  virtual std::uint64_t open_segment() const = 0;
};

class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Up to `length` octets of the body from `position`; fewer only at its end. Keeps recently used files open.
  virtual Result<std::size_t, Trouble> read(const queue::BodyRef& body, std::uint64_t position, char* to,
                                            std::size_t length) = 0;
};

class BodyRemover {
 public:
  virtual ~BodyRemover() = default;
  virtual Result<void, Trouble> remove(queue::BodyRef::Storage storage, std::uint64_t segment) = 0;
};

class StateLog {
 public:
  virtual ~StateLog() = default;
  // Feeds every state record that counts, oldest first (records: core/queue/state_record.h), to `apply`; a torn tail is
  // cut, a bad record elsewhere is set aside and named through `bad`. Called once, before append().
  virtual Result<void, Trouble> load(const std::function<void(Octets record)>& apply,
                                     const std::function<void(const std::string& what)>& bad) = 0;
  virtual void append(Octets record) = 0;  // buffered
  // Writes what was appended and syncs: when it returns a value, every record appended before survives power loss.
  virtual Result<void, Trouble> sync() = 0;
  // Compaction, a slice at a time so that the caller's loop keeps its rhythm: begin, then the caller appends the
  // present image through snapshot_append() (in any order, while append() goes on: apply is idempotent), then finish.
  // Until finish() has returned a value the old files are kept and count.
  virtual bool wants_snapshot() const = 0;  // log octets since the last snapshot passed the threshold
  virtual Result<void, Trouble> snapshot_begin() = 0;
  virtual Result<void, Trouble> snapshot_append(Octets record) = 0;
  virtual Result<void, Trouble> snapshot_finish() = 0;
};

}  // namespace sluice::store
