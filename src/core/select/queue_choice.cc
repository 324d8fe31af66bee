#include "core/select/queue_choice.h"

namespace sluice::select {

std::optional<std::size_t> QueueChoice::next(std::span<const QueueState> queues) {
  std::optional<std::size_t> best;
  for (std::size_t step = 0; step < queues.size(); ++step) {
    const std::size_t place = (turn_ % queues.size() + step) % queues.size();
    if (!queues[place].open) continue;
    if (!best || queues[place].load < queues[*best].load) best = place;
  }
  if (best) turn_ = *best + 1;
  return best;
}

std::vector<std::size_t> QueueChoice::in_order(std::span<const QueueState> queues) {
  std::vector<QueueState> left(queues.begin(), queues.end());
  std::vector<std::size_t> order;
  while (const auto queue = next(left)) {
    order.push_back(*queue);
    left[*queue].open = false;
  }
  if (!order.empty()) turn_ = order.front() + 1;
  return order;
}

}  // namespace sluice::select
