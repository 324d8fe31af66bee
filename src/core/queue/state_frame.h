// How state records stand in a file (docs/formats.md, "State log").
//
//   file header   8 octets "SLSTATE1", u64 generation, u8 kind (StateFileKind), 7 zeros, u64 checksum of these 24
//   each record   u32 length, u32 payload checksum (low half of XXH3), u32 header checksum, payload
//
// The header checksum covers length, payload checksum, generation and the frame's position in the file: octets that
// were copied from elsewhere, or stand inside a text, are not taken for a frame.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "core/queue/octet_source.h"

namespace sluice::queue {

inline constexpr std::size_t kStateFileHeader = 32;
inline constexpr std::size_t kStateFrameHeader = 12;
inline constexpr std::uint32_t kMaximumStateRecord = 16u << 20;

enum class StateFileKind : std::uint8_t { kLog = 0, kSnapshot = 1 };

struct StateFileHeader {
  std::uint64_t generation = 0;
  StateFileKind kind = StateFileKind::kLog;
  friend bool operator==(const StateFileHeader&, const StateFileHeader&) = default;
};
void append_state_header(std::string& out, const StateFileHeader& header);
std::optional<StateFileHeader> decode_state_header(Octets file);

// Appends the frame of `record`, which will begin at octet `position` of the file.
void append_state_frame(std::string& out, std::uint64_t generation, std::uint64_t position, Octets record);

struct StateScanned {
  enum class Kind {
    kRecord,      // a whole record
    kDamaged,     // octets [position, position + length) are no record; scanning goes on behind them
    kTail,        // no whole record begins from position on, and something stands there
    kEnd,         // position is the end of the file
    kUnreadable,  // the source failed with `error`; scanning cannot go on
  };
  Kind kind = Kind::kEnd;
  std::uint64_t position = 0;
  std::uint64_t length = 0;  // of the frame, or of the damaged place
  Octets record;             // valid until the next call
  int error = 0;
};

// Walks over a state file behind its header.
class StateScanner {
 public:
  StateScanner(OctetSource& source, std::uint64_t generation) : source_(source), generation_(generation) {}
  StateScanned next();

 private:
  struct FrameHeader {
    std::uint32_t length, payload_checksum;
  };
  std::optional<FrameHeader> header_at(std::uint64_t position);
  std::optional<Octets> record_at(std::uint64_t position);
  Octets view(std::uint64_t position, std::size_t length);

  OctetSource& source_;
  const std::uint64_t generation_;
  std::uint64_t position_ = kStateFileHeader;
  int failed_ = 0;
};

}  // namespace sluice::queue
