#include "core/queue/state_frame.h"

#include <array>

#include "base/codec.h"
#include "core/queue/checksum.h"

namespace sluice::queue {

namespace {

constexpr Octets kMagic = "SLSTATE1";

std::uint32_t frame_checksum(std::uint32_t length, std::uint32_t payload, std::uint64_t generation,
                             std::uint64_t position) {
  std::array<char, 24> joined;
  store_le(joined.data(), length);
  store_le(joined.data() + 4, payload);
  store_le(joined.data() + 8, generation);
  store_le(joined.data() + 16, position);
  return static_cast<std::uint32_t>(checksum(Octets(joined.data(), joined.size())));
}

std::uint32_t payload_checksum(Octets record) { return static_cast<std::uint32_t>(checksum(record)); }

}  // namespace

void append_state_header(std::string& out, const StateFileHeader& header) {
  const std::size_t start = out.size();
  Encoder to(out);
  to.raw(kMagic).u64(header.generation).u64(static_cast<std::uint8_t>(header.kind));
  to.u64(checksum(Octets(out).substr(start)));
}

std::optional<StateFileHeader> decode_state_header(Octets file) {
  Decoder from(file.substr(0, kStateFileHeader));
  const Octets magic = from.raw(kMagic.size());
  StateFileHeader header;
  header.generation = from.u64();
  const std::uint64_t kind = from.u64();
  const std::uint64_t check = from.u64();
  if (!from.ok() || magic != kMagic || check != checksum(file.substr(0, kStateFileHeader - 8))) return std::nullopt;
  if (kind > static_cast<std::uint64_t>(StateFileKind::kSnapshot)) return std::nullopt;
  header.kind = static_cast<StateFileKind>(kind);
  return header;
}

void append_state_frame(std::string& out, std::uint64_t generation, std::uint64_t position, Octets record) {
  const auto length = static_cast<std::uint32_t>(record.size());
  const std::uint32_t payload = payload_checksum(record);
  Encoder(out).u32(length).u32(payload).u32(frame_checksum(length, payload, generation, position)).raw(record);
}

Octets StateScanner::view(std::uint64_t position, std::size_t length) {
  const auto octets = source_.view(position, length);
  if (!octets) failed_ = octets.error();
  return octets.value_or(Octets{});
}

// The frame header at `position`, if a valid one stands there whose record lies inside the file.
std::optional<StateScanner::FrameHeader> StateScanner::header_at(std::uint64_t position) {
  if (source_.size() < kStateFrameHeader || position > source_.size() - kStateFrameHeader) return std::nullopt;
  Decoder from(view(position, kStateFrameHeader));
  const FrameHeader header{from.u32(), from.u32()};
  const std::uint32_t check = from.u32();
  if (!from.ok() || check != frame_checksum(header.length, header.payload_checksum, generation_, position)) {
    return std::nullopt;
  }
  if (header.length > kMaximumStateRecord) return std::nullopt;
  if (header.length > source_.size() - position - kStateFrameHeader) return std::nullopt;
  return header;
}

std::optional<Octets> StateScanner::record_at(std::uint64_t position) {
  const auto header = header_at(position);
  if (!header) return std::nullopt;
  const Octets record = view(position + kStateFrameHeader, header->length);
  if (failed_ || payload_checksum(record) != header->payload_checksum) return std::nullopt;
  return record;
}

StateScanned StateScanner::next() {
  const std::uint64_t start = position_;
  if (failed_) return {StateScanned::Kind::kUnreadable, start, 0, {}, failed_};
  if (start >= source_.size()) return {StateScanned::Kind::kEnd, start, 0, {}, 0};
  if (const auto record = record_at(start)) {
    position_ += kStateFrameHeader + record->size();
    return {StateScanned::Kind::kRecord, start, position_ - start, *record, 0};
  }
  // A damaged record is passed over by its length if that can be trusted, else the next whole record is searched.
  const auto header = header_at(start);
  std::uint64_t found = start + (header ? kStateFrameHeader + header->length : 1);
  while (!failed_ && found < source_.size() && !record_at(found)) ++found;
  if (failed_) return {StateScanned::Kind::kUnreadable, start, 0, {}, failed_};
  position_ = found;
  const bool is_tail = found >= source_.size();
  return {is_tail ? StateScanned::Kind::kTail : StateScanned::Kind::kDamaged, start, found - start, {}, 0};
}

}  // namespace sluice::queue
