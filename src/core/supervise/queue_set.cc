#include "core/supervise/queue_set.h"

#include <fmt/format.h>

#include <charconv>

#include "core/queue/message.h"

namespace sluice::supervise {

std::string_view to_string(QueueSetError error) {
  switch (error) {
    case QueueSetError::kNoQueues:
      return "QUEUE_COUNT must be at least 1";
    case QueueSetError::kStart:
      return "QUEUE_START must be at least 1";
    case QueueSetError::kTooMany:
      return "QUEUE_START and QUEUE_COUNT reach beyond queue 1023";
    case QueueSetError::kNoBase:
      return "QUEUE_BASE is empty";
  }
  return "unknown error";
}
static_assert(queue::kQueueNumbers - 1 == 1023, "the greatest queue number stands in a text above");

QueueSpec queue_at(std::string_view queue_base, unsigned number) {
  while (queue_base.size() > 1 && queue_base.ends_with('/')) queue_base.remove_suffix(1);
  const std::string_view slash = queue_base.ends_with('/') ? "" : "/";
  return {number, fmt::format("{}{}queue{}", queue_base, slash, number)};
}

std::optional<unsigned> number_of_queue(std::string_view name) {
  constexpr std::string_view kName = "queue";
  if (!name.starts_with(kName)) return std::nullopt;
  name.remove_prefix(kName.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc{} && end == name.data() + name.size() && !name.starts_with('0');
  return whole && number < queue::kQueueNumbers ? std::optional(number) : std::nullopt;
}

CountBounds dynamic_bounds(unsigned queue_start, unsigned queue_count, unsigned queue_max) {
  const auto most = static_cast<unsigned>(queue::kQueueNumbers) - std::clamp(queue_start, 1u, 1023u);
  const unsigned floor = std::clamp(queue_count, 1u, most);
  return {floor, std::clamp(queue_max, floor, most)};
}

Result<std::vector<QueueSpec>, QueueSetError> static_queues(std::string_view queue_base, std::uint64_t queue_start,
                                                            std::uint64_t queue_count) {
  if (queue_base.empty()) return fail(QueueSetError::kNoBase);
  if (queue_count == 0) return fail(QueueSetError::kNoQueues);
  if (queue_start == 0) return fail(QueueSetError::kStart);
  if (queue_start >= queue::kQueueNumbers || queue_count > queue::kQueueNumbers - queue_start)
    return fail(QueueSetError::kTooMany);
  std::vector<QueueSpec> queues;
  for (std::uint64_t number = queue_start; number < queue_start + queue_count; ++number)
    queues.push_back(queue_at(queue_base, static_cast<unsigned>(number)));
  return queues;
}

}  // namespace sluice::supervise
