// One record of the journal (docs/formats.md, "Journal"). Numbers here are on disk.
//
//   u32 salt               the same in all records of a segment, chosen at random when the segment is made, so that
//                          nobody can send a message body that contains what looks like a record of this segment
//   u16 magic              "SJ"
//   u8  version            1
//   u8  type               RecordType
//   u32 length             octets of the payload, at most kMaximumRecord
//   u32 header checksum    low half of XXH3 over the other 28 octets of the header
//   u64 lsn                position of the record in the journal
//   u64 payload checksum   XXH3 of the payload
//   payload                then zeros up to a multiple of 8
//
// Payload of a message and of a copy:
//   u64 id, i64 arrival (ms since 1970), u32 uid, u32 pid, u8 storage (BodyRef::Storage),
//   u64 inode and u64 length of the body's file (both zero when the body is here),
//   u32 length of the envelope, the envelope, the body (none when it is a file)
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"
#include "core/queue/message.h"

namespace sluice::queue {

inline constexpr std::size_t kRecordHeader = 32;
inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::size_t kMessagePrefix = 45;           // octets of a message payload before the envelope
inline constexpr std::uint32_t kMaximumRecord = 16u << 20;  // octets of a payload
inline constexpr std::uint8_t kJournalVersion = 1;

enum class RecordType : std::uint8_t {
  kMessage = 1,
  kCopy = 2,  // a body moved here from an older segment: no new message, replay passes over it
};

// Octets that a record with a payload of `length` octets takes.
constexpr std::uint64_t record_size(std::uint64_t length) {
  return (kRecordHeader + length + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

struct RecordHeader {
  std::uint32_t salt = 0;
  std::uint8_t version = kJournalVersion;
  std::uint8_t type = 0;  // RecordType; a type that this code does not know is passed over
  std::uint32_t length = 0;
  Lsn lsn;
  std::uint64_t payload_checksum = 0;
};

std::array<char, kRecordHeader> encode_record_header(const RecordHeader& header);
// nullopt: no header stands here (magic, checksum or length is wrong). The caller compares salt, version and lsn.
std::optional<RecordHeader> decode_record_header(Octets octets);

struct MessageRecord {  // views point into the payload
  MessageId id;
  WallTime arrival{};
  std::uint32_t uid = 0, pid = 0;
  BodyRef::Storage storage = BodyRef::Storage::kJournal;
  std::uint64_t file = 0;         // inode, when storage is kFile
  std::uint64_t file_length = 0;  // octets, when storage is kFile
  Octets envelope;
  Octets body;
};

// The octets before the envelope; envelope and body follow them on disk as they stand.
std::array<char, kMessagePrefix> encode_message_prefix(const MessageRecord& record);
std::optional<MessageRecord> decode_message_record(Octets payload);

// Where the body of `record` lies, when its payload begins at `payload_offset` of segment `segment`.
BodyRef body_of(const MessageRecord& record, std::uint64_t segment, std::uint64_t payload_offset);

}  // namespace sluice::queue
