#include "core/queue/journal_scanner.h"

#include <algorithm>

#include "core/queue/checksum.h"

namespace sluice::queue {

namespace {

constexpr std::size_t kSearchWindow = 64u << 10;

}  // namespace

JournalScanner::JournalScanner(OctetSource& source, std::uint64_t segment, std::uint64_t start, bool last)
    : source_(source), segment_(segment), last_(last), offset_(start) {
  if (const auto first = header_at(0)) salt_ = first->salt;
}

Scanned JournalScanner::next() {
  if (stopped_) return *stopped_;
  if (source_.size() < offset_ + kRecordHeader) return rest_is_bad();
  const auto header = header_at(offset_);
  if (failed_) return stop(Scanned::Kind::kUnreadable);
  if (!header) return damaged_header();
  if (!salt_) salt_ = header->salt;
  if (header->version != kJournalVersion) {
    Scanned foreign = stop(Scanned::Kind::kForeignVersion);
    foreign.header = *header;
    return foreign;
  }
  if (source_.size() - offset_ - kRecordHeader < header->length) return rest_is_bad();
  const Octets payload = view(offset_ + kRecordHeader, header->length);
  if (failed_) return stop(Scanned::Kind::kUnreadable);
  if (checksum(payload) != header->payload_checksum) return damaged_payload(*header);
  Scanned record{Scanned::Kind::kRecord, offset_, record_size(header->length), *header, payload, 0};
  offset_ += record.length;
  return record;
}

Octets JournalScanner::view(std::uint64_t offset, std::size_t length) {
  const auto octets = source_.view(offset, length);
  if (!octets) failed_ = octets.error();
  return octets.value_or(Octets{});
}

std::optional<RecordHeader> JournalScanner::header_at(std::uint64_t offset) {
  if (source_.size() < kRecordHeader || offset > source_.size() - kRecordHeader) return std::nullopt;
  const auto header = decode_record_header(view(offset, kRecordHeader));
  if (!header || header->lsn.raw() != segment_ + offset || (salt_ && header->salt != *salt_)) return std::nullopt;
  return header;
}

std::optional<std::uint64_t> JournalScanner::next_header(std::uint64_t from) {
  from = (from + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
  while (!failed_ && from + kRecordHeader <= source_.size()) {
    const std::size_t length = std::min<std::uint64_t>(kSearchWindow, source_.size() - from);
    const Octets window = view(from, length);
    std::size_t at = 0;
    for (; at + kRecordHeader <= window.size(); at += kRecordAlignment) {
      const auto header = decode_record_header(window.substr(at, kRecordHeader));
      if (header && header->lsn.raw() == segment_ + from + at && (!salt_ || header->salt == *salt_)) return from + at;
    }
    from += at;
  }
  return std::nullopt;
}

// No header stands at offset_.
Scanned JournalScanner::damaged_header() {
  const auto found = next_header(offset_ + kRecordAlignment);
  if (failed_) return stop(Scanned::Kind::kUnreadable);
  return found ? set_aside(*found) : rest_is_bad();
}

// The header at offset_ is whole, its payload is inside the file, but not as it was written.
Scanned JournalScanner::damaged_payload(const RecordHeader& header) {
  const std::uint64_t behind = std::min(offset_ + record_size(header.length), source_.size());
  if (last_ && !next_header(behind)) return stop(failed_ ? Scanned::Kind::kUnreadable : Scanned::Kind::kTornTail);
  return set_aside(behind);
}

// No record can begin from offset_ on.
Scanned JournalScanner::rest_is_bad() {
  const bool only_zeros = zeros_from(offset_);
  if (failed_) return stop(Scanned::Kind::kUnreadable);
  if (only_zeros) return stop(Scanned::Kind::kEnd);
  return last_ ? stop(Scanned::Kind::kTornTail) : set_aside(source_.size());
}

Scanned JournalScanner::set_aside(std::uint64_t until) {
  Scanned damaged{Scanned::Kind::kDamaged, offset_, until - offset_, {}, {}, 0};
  offset_ = until;
  return damaged;
}

Scanned JournalScanner::stop(Scanned::Kind kind) {
  stopped_ = Scanned{kind, offset_, 0, {}, {}, failed_};
  return *stopped_;
}

bool JournalScanner::zeros_from(std::uint64_t offset) {
  while (!failed_ && offset < source_.size()) {
    const std::size_t length = std::min<std::uint64_t>(kSearchWindow, source_.size() - offset);
    const Octets window = view(offset, length);
    if (window.find_first_not_of('\0') != Octets::npos) return false;
    offset += length;
  }
  return true;
}

}  // namespace sluice::queue
