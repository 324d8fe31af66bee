// Which queue takes the next message: the least loaded of the queues that can take one, and among equals the one whose
// turn it is. With equal loads (static queues) messages are therefore spread evenly; with the loads of dynamic queues
// they go where there is room. Holds nothing but whose turn it is; never allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sluice::select {

// What is known of one queue at the moment of choice. Queues are named by their place in the list.
struct QueueState {
  bool open = false;       // somebody takes messages for it
  std::uint32_t load = 0;  // any measure that grows with what waits; static queues leave it at zero
  std::uint32_t step = 0;  // what one more message adds to it, as far as that can be told
};

class QueueChoice {
 public:
  // first: the place at which the turn begins. Programs that feed the same queues begin at different places.
  explicit QueueChoice(std::size_t first = 0) : turn_(first) {}

  // The queue for one message; nothing if no queue is open. The turn moves behind the chosen queue.
  std::optional<std::size_t> next(std::span<const QueueState> queues);

  // All open queues, the one for the next message first, then those that take it if the ones before cannot. May
  // allocate.
  std::vector<std::size_t> in_order(std::span<const QueueState> queues);

 private:
  std::size_t turn_;
};

}  // namespace sluice::select
