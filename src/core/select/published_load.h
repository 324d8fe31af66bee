// What a dynamic queue publishes about itself (core/link/queue_counts.h), as a measure for QueueChoice: the ratio of
// what is in flight to what may be, over both channels.
//
// No queue is closed by what it publishes. One that says that it takes no messages, or says nothing that can be
// understood, is the last resort: it gets a message only when no other can be reached, so that nothing that happens to
// shared memory makes anybody refuse mail.
#pragma once

#include <optional>

#include "core/link/queue_counts.h"
#include "core/select/queue_choice.h"

namespace sluice::select {

inline constexpr std::uint32_t kFullChannel = 10'000;      // load of a channel with all of its deliveries in flight
inline constexpr std::uint32_t kLastResort = 100'000'000;  // above every load that is measured
inline constexpr std::uint32_t kCongested = 1'000'000;  // added by who sees that a queue takes more slowly than it gets
inline constexpr std::uint32_t kOtherGroup = 200'000'000;  // added to queues of another group than the message's

QueueState state_of(const std::optional<link::QueueCounts>& published);

}  // namespace sluice::select
