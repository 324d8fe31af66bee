#include "core/queue/journal_record.h"

#include "base/codec.h"
#include "core/queue/checksum.h"

namespace sluice::queue {

namespace {

constexpr std::uint16_t kMagic = 'S' | 'J' << 8;
constexpr std::size_t kAtChecksum = 12;

std::uint32_t header_checksum(const char* header) {
  // Joined into one piece: the scanner asks this at every eighth octet of a damaged place.
  std::array<char, kRecordHeader - 4> joined;
  std::memcpy(joined.data(), header, kAtChecksum);
  std::memcpy(joined.data() + kAtChecksum, header + kAtChecksum + 4, kRecordHeader - kAtChecksum - 4);
  return static_cast<std::uint32_t>(checksum(Octets(joined.data(), joined.size())));
}

}  // namespace

std::array<char, kRecordHeader> encode_record_header(const RecordHeader& header) {
  std::array<char, kRecordHeader> out{};
  store_le(out.data(), header.salt);
  store_le(out.data() + 4, kMagic);
  store_le(out.data() + 6, header.version);
  store_le(out.data() + 7, header.type);
  store_le(out.data() + 8, header.length);
  store_le(out.data() + 16, header.lsn.raw());
  store_le(out.data() + 24, header.payload_checksum);
  store_le(out.data() + kAtChecksum, header_checksum(out.data()));
  return out;
}

std::optional<RecordHeader> decode_record_header(Octets octets) {
  if (octets.size() < kRecordHeader) return std::nullopt;
  const char* at = octets.data();
  if (load_le<std::uint16_t>(at + 4) != kMagic) return std::nullopt;
  if (load_le<std::uint32_t>(at + kAtChecksum) != header_checksum(at)) return std::nullopt;
  RecordHeader header;
  header.salt = load_le<std::uint32_t>(at);
  header.version = load_le<std::uint8_t>(at + 6);
  header.type = load_le<std::uint8_t>(at + 7);
  header.length = load_le<std::uint32_t>(at + 8);
  header.lsn = Lsn{load_le<std::uint64_t>(at + 16)};
  header.payload_checksum = load_le<std::uint64_t>(at + 24);
  if (header.length > kMaximumRecord) return std::nullopt;
  return header;
}

std::array<char, kMessagePrefix> encode_message_prefix(const MessageRecord& record) {
  std::array<char, kMessagePrefix> out{};
  char* at = out.data();
  store_le(at, record.id.raw());
  store_le(at + 8, to_millis(record.arrival));
  store_le(at + 16, record.uid);
  store_le(at + 20, record.pid);
  store_le(at + 24, record.storage);
  store_le(at + 25, record.file);
  store_le(at + 33, record.file_length);
  store_le(at + 41, static_cast<std::uint32_t>(record.envelope.size()));
  return out;
}

std::optional<MessageRecord> decode_message_record(Octets payload) {
  Decoder from(payload);
  MessageRecord record;
  record.id = MessageId{from.u64()};
  record.arrival = wall_from_millis(from.i64());
  record.uid = from.u32();
  record.pid = from.u32();
  record.storage = from.enumeration(BodyRef::Storage::kFile);
  record.file = from.u64();
  record.file_length = from.u64();
  record.envelope = from.octets();
  record.body = from.rest();
  if (!from.ok() || !record.id) return std::nullopt;
  return record;
}

BodyRef body_of(const MessageRecord& record, std::uint64_t segment, std::uint64_t payload_offset) {
  if (record.storage == BodyRef::Storage::kFile) {
    return {BodyRef::Storage::kFile, record.file, 0, record.file_length};
  }
  const std::uint64_t offset = payload_offset + kMessagePrefix + record.envelope.size();
  return {BodyRef::Storage::kJournal, segment, static_cast<std::uint32_t>(offset), record.body.size()};
}

}  // namespace sluice::queue
