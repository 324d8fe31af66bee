// The frame: the unit of every link between daemons, and between commands and daemons.
//
//   u32 length   octets of the payload, at most kMaximumPayload
//   u16 type     FrameType
//   u16 zero     reserved
//   payload      one message of core/link/messages.h
//
// The first frame in each direction is Hello with the protocol version; a different version, an unknown type, a
// non-zero reserved field or a payload that does not decode ends the link (the peer is broken or hostile), never the
// process.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::link {

inline constexpr std::uint16_t kProtocolVersion = 2;
inline constexpr std::size_t kFrameHeader = 8;
inline constexpr std::size_t kMaximumPayload = 8u << 20;

enum class FrameType : std::uint16_t {
  kHello = 1,
  // to qmail-intake
  kSubmit = 10,
  kSubmitOpen = 11,
  kSubmitData = 12,
  kSubmitEnd = 13,
  kSubmitAbort = 14,
  kRelocate = 15,
  kResume = 16,
  kSubmitFor = 17,
  kAdopt = 18,
  kDoor = 19,
  // from qmail-intake
  kSubmitted = 20,
  kSubmitRefused = 21,
  kRelocated = 22,
  kAnnounce = 23,
  kAdopted = 24,
  kDoorShut = 25,
  // qmail-send and todo-proc
  kAdmit = 30,
  kUnreadable = 31,
  kReload = 32,
  kQuiet = 33,
  kDetach = 34,
  // qmail-send and the spawners
  kDeliver = 40,
  kDelivered = 41,
  kTranscript = 42,
  kWatchEnd = 43,
  // qmail-send and qmail-clean
  kRemove = 50,
  kRemoved = 51,
  // qmail-lspawn and its workers (core/link/worker.h)
  kWorkerSetup = 70,
  kLetter = 71,
  kLetterSlow = 72,
  kLetterDone = 73,
  // qscheduler and qmail-send (core/link/supervision.h)
  kQueueReport = 80,
  kNeighbourLost = 81,
  kNewNeighbour = 82,
  kDrain = 83,
  kDrained = 84,
  kPause = 85,
  // control sockets (commands and daemons)
  kQuery = 60,
  kAnswer = 61,
  kAnswerEnd = 62,
};

struct Frame {
  FrameType type;
  Octets payload;  // points into the buffer that was split
};

enum class FrameError {
  kTooLong,   // length above kMaximumPayload
  kReserved,  // reserved field not zero, or the type is not a FrameType
};

// The next frame at the start of `buffer`.
//   consumed  octets to drop from the buffer once the frame was handled; 0: the frame is not complete yet
// Pure; never allocates.
struct Split {
  std::size_t consumed = 0;
  Frame frame{};
};
Result<Split, FrameError> split_frame(Octets buffer);

// Appends a frame whose payload `encode_payload(std::string&)` appends.
template <class Body>
void append_frame(std::string& out, FrameType type, Body&& encode_payload) {
  const std::size_t start = out.size();
  out.append(kFrameHeader, '\0');
  encode_payload(out);
  store_le<std::uint32_t>(out.data() + start, static_cast<std::uint32_t>(out.size() - start - kFrameHeader));
  store_le<std::uint16_t>(out.data() + start + 4, static_cast<std::uint16_t>(type));
}

}  // namespace sluice::link
