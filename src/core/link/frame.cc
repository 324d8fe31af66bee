#include "core/link/frame.h"

namespace sluice::link {

namespace {

bool known(std::uint16_t type) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::kHello:
    case FrameType::kSubmit:
    case FrameType::kSubmitOpen:
    case FrameType::kSubmitData:
    case FrameType::kSubmitEnd:
    case FrameType::kSubmitAbort:
    case FrameType::kRelocate:
    case FrameType::kResume:
    case FrameType::kSubmitFor:
    case FrameType::kAdopt:
    case FrameType::kDoor:
    case FrameType::kSubmitted:
    case FrameType::kSubmitRefused:
    case FrameType::kRelocated:
    case FrameType::kAnnounce:
    case FrameType::kAdopted:
    case FrameType::kDoorShut:
    case FrameType::kAdmit:
    case FrameType::kUnreadable:
    case FrameType::kReload:
    case FrameType::kQuiet:
    case FrameType::kDetach:
    case FrameType::kDeliver:
    case FrameType::kDelivered:
    case FrameType::kTranscript:
    case FrameType::kWatchEnd:
    case FrameType::kRemove:
    case FrameType::kRemoved:
    case FrameType::kWorkerSetup:
    case FrameType::kLetter:
    case FrameType::kLetterSlow:
    case FrameType::kLetterDone:
    case FrameType::kQueueReport:
    case FrameType::kNeighbourLost:
    case FrameType::kNewNeighbour:
    case FrameType::kDrain:
    case FrameType::kDrained:
    case FrameType::kPause:
    case FrameType::kQuery:
    case FrameType::kAnswer:
    case FrameType::kAnswerEnd:
      return true;
  }
  return false;
}

}  // namespace

Result<Split, FrameError> split_frame(Octets buffer) {
  if (buffer.size() < kFrameHeader) return Split{};
  const auto length = load_le<std::uint32_t>(buffer.data());
  const auto type = load_le<std::uint16_t>(buffer.data() + 4);
  if (length > kMaximumPayload) return fail(FrameError::kTooLong);
  if (load_le<std::uint16_t>(buffer.data() + 6) != 0 || !known(type)) return fail(FrameError::kReserved);
  if (buffer.size() < kFrameHeader + length) return Split{};
  return Split{kFrameHeader + length, {static_cast<FrameType>(type), buffer.substr(kFrameHeader, length)}};
}

}  // namespace sluice::link
