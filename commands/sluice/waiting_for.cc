#include "waiting_for.h"

#include "core/schedule/records.h"
#include "core/schedule/views.h"

namespace sluice::commands {

namespace {

using schedule::Reason;

WaitingFor words_of(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return {"nothing: it goes at once", ""};
    case Reason::kTime:
      return {"the time of its next attempt", "that time, any queue run, or now: sluice queue retry --id {}"};
    case Reason::kChannelSlot:
      return {"one of the deliveries that the channel allows at once",
              "the end of one of them, in turn; or a higher "
              "concurrencyremote, concurrencylocal or "
              "concurrencylmtp"};
    case Reason::kLaneWindow:
      return {"one of the deliveries that its destination takes at once", "the end of one of them, in turn"};
    case Reason::kLaneRate:
      return {"the rate limit of its destination", "time; or another limit"};
    case Reason::kLaneBackoff:
      return {"its destination to be reachable again",
              "the next probe that succeeds; one is made now by: sluice queue retry --id {}"};
    case Reason::kSuspension:
      return {"its destination, which is suspended", "ending the suspension"};
    case Reason::kChannelHold:
      return {"its channel, which starts no deliveries",
              "sluice queue resume, if the queue is paused; a concurrency above 0; the daemon that is being started"};
    case Reason::kMessageHold:
      return {"somebody to release the message", "sluice queue release --id {}"};
    case Reason::kExpired:
      return {"nothing: it is too old, and goes back to its sender", ""};
    case Reason::kInFlight:
      return {"the end of the attempt that is under way", ""};
    case Reason::kInstanceLimit:
      return {"one of the deliveries that all queues together may make to its destination",
              "the end of one of them, in turn; or a higher lane.limit"};
    case Reason::kQueueRun:
      return {"a queue run", "the next run that selects it, or now: sluice queue retry --id {}"};
    case Reason::kExpensive:
      return {"a queue run, because its destination is expensive",
              "the next run that selects it, or now: sluice queue retry --id {}"};
    case Reason::kLoad:
      return {"the load of the machine to fall", "a lower load, or higher QueueLA or QueueFactor"};
  }
  return {};
}

}  // namespace

WaitingFor waiting_for(std::string_view reason) {
  for (std::size_t i = 0; i < schedule::kReasons; ++i)
    if (name_of(static_cast<Reason>(i)) == reason) return words_of(static_cast<Reason>(i));
  return {reason, ""};
}

}  // namespace sluice::commands
