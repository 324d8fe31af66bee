#include "queues.h"

#include <fmt/format.h>

#include "core/queue/layout.h"

namespace sluice::commands {

std::vector<QueueName> queues_of(const settings::Settings& settings) {
  std::vector<QueueName> queues;
  for (std::uint32_t i = 0; i < settings.queue_count; ++i) {
    const std::string name = fmt::format("queue{}", settings.queue_start + i);
    queues.push_back({name, settings.queue_base + '/' + name, queue::control_socket(settings.run_dir, name)});
  }
  return queues;
}

std::string span_text(std::int64_t seconds) {
  constexpr std::pair<std::int64_t, char> kUnits[] = {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  std::string text;
  int units = 0;
  for (const auto& [length, letter] : kUnits) {
    const std::int64_t count = seconds / length;
    if (count > 0) text += fmt::format("{}{}", count, letter);
    if ((count > 0 || units > 0) && ++units == 2) break;
    seconds %= length;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace sluice::commands
