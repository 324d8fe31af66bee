// Payloads of a hostile peer, read as every message: first octet chooses the type. What decodes must encode to
// something that decodes to the same again.
#include <cstdlib>
#include <string>

#include "core/link/doors.h"
#include "core/link/messages.h"
#include "core/link/supervision.h"
#include "core/link/worker.h"

namespace {

using namespace sluice;

template <class Message>
void check(Octets payload) {
  const auto first = Message::decode(payload);
  if (!first) return;
  std::string once;
  first->encode(once);
  const auto second = Message::decode(once);
  if (!second) std::abort();
  std::string twice;
  second->encode(twice);
  if (once != twice) std::abort();
}

template <class... Messages>
void check_one(std::uint8_t which, Octets payload) {
  void (*const checks[])(Octets) = {check<Messages>...};
  checks[which % sizeof...(Messages)](payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::link;
  if (size == 0) return 0;
  const Octets payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_one<Hello, Submit, SubmitOpen, SubmitData, SubmitEnd, SubmitAbort, Submitted, SubmitRefused, Relocate,
            Relocated, Resume, Announce, Admit, Unreadable, Reload, Deliver, Delivered, Remove, Removed, Query, Answer,
            AnswerEnd, SubmitFor, Adopt, Adopted, WorkerSetup, Letter, LetterSlow, LetterDone, QueueReport,
            NeighbourLost, NewNeighbour, Drain, Drained, Pause, Door, DoorShut, Quiet, Detach, Transcript, WatchEnd>(
      data[0], payload);
  return 0;
}
