#include "core/queue/message.h"

#include <algorithm>

namespace sluice::queue {

namespace {

constexpr std::int64_t kIdEpoch = 1767225600000;        // 2026-01-01 00:00:00 UTC in milliseconds since 1970
constexpr unsigned kCounterBits = 10, kQueueBits = 10;  // the highest bit of the counter is the maker
constexpr unsigned kMakerBit = kCounterBits - 1;
constexpr std::uint64_t kCounterMask = (1u << kMakerBit) - 1;
constexpr std::int64_t kMaximumMillis = (std::int64_t{1} << (64 - kCounterBits - kQueueBits)) - 1;
static_assert(kQueueNumbers == 1u << kQueueBits);

MessageId compose(std::uint64_t millis, unsigned number, std::uint64_t counter) {
  return MessageId{millis << (kCounterBits + kQueueBits) | std::uint64_t{number} << kCounterBits | counter};
}

}  // namespace

MessageId next_message_id(MessageId last, unsigned number, WallTime now, IdMaker maker) {
  const std::uint64_t first = std::uint64_t{static_cast<std::uint8_t>(maker)} << kMakerBit;
  // From 1, so that the first id of queue 0 is not zero, the id that names nothing.
  const auto millis =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_millis(now) - kIdEpoch, 1, kMaximumMillis));
  const std::uint64_t last_millis = last.raw() >> (kCounterBits + kQueueBits);
  number %= kQueueNumbers;
  if (millis > last_millis) return compose(millis, number, first);
  const std::uint64_t counter = last.raw() & kCounterMask;
  const bool same_maker = (last.raw() >> kMakerBit & 1) == static_cast<std::uint8_t>(maker);
  if (!same_maker || counter == kCounterMask) return compose(last_millis + 1, number, first);
  return compose(last_millis, number, first | (counter + 1));
}

}  // namespace sluice::queue
