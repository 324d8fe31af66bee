#include "core/queue/message.h"

#include <algorithm>

namespace sluice::queue {

namespace {

constexpr std::int64_t kIdEpoch = 1767225600000;  // 2026-01-01 00:00:00 UTC in milliseconds since 1970
constexpr unsigned kCounterBits = 10, kQueueBits = 10;
constexpr std::uint64_t kCounterMask = (1u << kCounterBits) - 1;
constexpr std::int64_t kMaximumMillis = (std::int64_t{1} << (64 - kCounterBits - kQueueBits)) - 1;
static_assert(kQueueNumbers == 1u << kQueueBits);

MessageId compose(std::uint64_t millis, unsigned number, std::uint64_t counter) {
  return MessageId{millis << (kCounterBits + kQueueBits) | std::uint64_t{number} << kCounterBits | counter};
}

}  // namespace

MessageId next_message_id(MessageId last, unsigned number, WallTime now) {
  // From 1, so that the first id of queue 0 is not zero, the id that names nothing.
  const auto millis =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_millis(now) - kIdEpoch, 1, kMaximumMillis));
  const std::uint64_t last_millis = last.raw() >> (kCounterBits + kQueueBits);
  number %= kQueueNumbers;
  if (millis > last_millis) return compose(millis, number, 0);
  const std::uint64_t counter = last.raw() & kCounterMask;
  return counter == kCounterMask ? compose(last_millis + 1, number, 0) : compose(last_millis, number, counter + 1);
}

}  // namespace sluice::queue
