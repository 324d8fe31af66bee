// Walks over one segment of the journal and says what stands there: whole records, damaged places, a torn tail
// (design: rule 4). Pure: octets come from an OctetSource, nothing is changed.
//
// A damaged record whose header is whole is passed over by its length: what stands inside a body is never taken for a
// record. When the header is damaged too, the next header with a valid checksum, this segment's salt and its own
// position is searched in steps of 8. In the last segment, damage with no valid header behind it is a torn tail: the
// writer was interrupted there, and nothing of it was ever accepted. Zeros up to the end are space allocated ahead.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "core/queue/journal_record.h"
#include "core/queue/octet_source.h"

namespace sluice::queue {

struct Scanned {
  enum class Kind {
    kRecord,          // a whole record: header and payload
    kDamaged,         // octets [offset, offset + length) are no record; scanning goes on behind them
    kTornTail,        // last segment: cut it at offset; nothing follows
    kEnd,             // offset is the end of the records
    kForeignVersion,  // a whole header of another version: this code must not judge (or cut) what follows
    kUnreadable,      // the source failed with `error` at offset; scanning cannot go on
  };
  Kind kind = Kind::kEnd;
  std::uint64_t offset = 0;  // from the start of the segment
  std::uint64_t length = 0;  // octets of a record with header and padding, or of a damaged place
  RecordHeader header;       // kRecord, kForeignVersion
  Octets payload;            // kRecord; valid until the next call
  int error = 0;             // kUnreadable
};

class JournalScanner {
 public:
  // Scans from octet `start` (where a record begins, or 0) of the segment whose first octet has position `segment`.
  //   last  it is the last segment of the journal: only there a tail can be torn
  JournalScanner(OctetSource& source, std::uint64_t segment, std::uint64_t start, bool last);
  // After kTornTail, kEnd, kForeignVersion or kUnreadable every call gives the same again.
  Scanned next();

 private:
  std::optional<RecordHeader> header_at(std::uint64_t offset);
  std::optional<std::uint64_t> next_header(std::uint64_t from);
  Scanned damaged_header();
  Scanned damaged_payload(const RecordHeader& header);
  Scanned rest_is_bad();
  Scanned set_aside(std::uint64_t until);
  Scanned stop(Scanned::Kind kind);
  bool zeros_from(std::uint64_t offset);
  Octets view(std::uint64_t offset, std::size_t length);  // empty and failed_ set when the source fails

  OctetSource& source_;
  const std::uint64_t segment_;
  const bool last_;
  std::uint64_t offset_;
  std::optional<std::uint32_t> salt_;
  int failed_ = 0;
  std::optional<Scanned> stopped_;
};

}  // namespace sluice::queue
