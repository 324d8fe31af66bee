#include "queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/queue/layout.h"
#include "core/supervise/queue_set.h"

namespace sluice::commands {

namespace {

std::vector<unsigned> further_queues(const settings::Settings& settings) {
  std::vector<unsigned> numbers;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(settings.queue_base, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    const auto number = supervise::number_of_queue(entry->path().filename().string());
    if (number && *number >= settings.queue_start + settings.queue_count) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

std::vector<QueueName> queues_of(const settings::Settings& settings) {
  std::vector<QueueName> queues;
  for (std::uint32_t i = 0; i < settings.queue_count; ++i) {
    const std::string name = fmt::format("queue{}", settings.queue_start + i);
    queues.push_back({name, settings.queue_base + '/' + name, queue::control_socket(settings.run_dir, name)});
  }
  for (const unsigned number : further_queues(settings)) {
    const std::string name = fmt::format("queue{}", number);
    queues.push_back({name, settings.queue_base + '/' + name, queue::control_socket(settings.run_dir, name), false});
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
