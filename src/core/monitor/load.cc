#include "core/monitor/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/monitor/arithmetic.h"

namespace sluice::monitor {

namespace {

constexpr double kGreatestPercent = 200;

double percent_of(std::int32_t part, std::int32_t whole) { return whole <= 0 ? 0 : 100.0 * part / whole; }

double sum_of(const link::QueueCounts& counts) { return local_percent(counts) + remote_percent(counts); }

}  // namespace

double local_percent(const link::QueueCounts& counts) { return percent_of(counts.local, counts.local_limit); }
double remote_percent(const link::QueueCounts& counts) { return percent_of(counts.remote, counts.remote_limit); }

LoadAverage average_of(const std::vector<QueueLoad>& queues) {
  LoadAverage average;
  if (queues.empty()) return average;
  for (const QueueLoad& queue : queues) {
    average.local += local_percent(queue.counts);
    average.remote += remote_percent(queue.counts);
  }
  average.local /= static_cast<double>(queues.size());
  average.remote /= static_cast<double>(queues.size());
  return average;
}

std::string average_line(const LoadAverage& average, unsigned threshold) {
  return fmt::format("queue load avg (local[{:6.2f}] + remote[{:6.2f}])/2 = {:6.2f} {} ({} * 2) = {:6.2f}\n",
                     average.local, average.remote, (average.local + average.remote) / 2,
                     average.above(threshold) ? ">" : "<=", threshold, 2.0 * threshold);
}

std::string load_line(std::size_t index, const link::QueueCounts& counts) {
  return fmt::format("queue[{}] load = {:.2f}\n", index, sum_of(counts));
}

Result<SentLoad, std::string> load_of_expressions(const std::vector<std::string_view>& expressions) {
  SentLoad load;
  for (const std::string_view text : expressions) {
    const auto value = evaluate(text);
    if (!value) return fail(fmt::format("{}: {}", text, to_string(value.error())));
    load.ratio += *value;
  }
  // 0.29 is a little less than 29/100 in binary, and cutting it must not make 28 of it.
  constexpr double kRounding = 1e-6;
  load.percent = static_cast<std::uint64_t>(std::clamp(100 * load.ratio + kRounding, 0.0, kGreatestPercent));
  return load;
}

std::string load_table(const std::vector<QueueLoad>& queues, const link::SchedulerCounts& counts, unsigned threshold) {
  double least = kGreatestPercent;
  for (const QueueLoad& queue : queues) least = std::min(least, sum_of(queue.counts));
  std::string text = "queue      local  Remote   +/- flag\n";
  std::int64_t local = 0, remote = 0;
  for (const auto& [number, queue] : queues) {
    text += fmt::format("{:<8}{:>4}/{:<4}{:>4}/{:<4} {} {}\n", fmt::format("queue{}", number), queue.local,
                        queue.local_limit, queue.remote, queue.remote_limit, sum_of(queue) <= least ? '-' : '+',
                        queue.flag == 0 ? "enabled" : "disabled");
    local += queue.local;
    remote += queue.remote;
  }
  const LoadAverage average = average_of(queues);
  text += fmt::format("threshold = {:.2f} , qcount = {}, qconf = {}, local = {}, remote = {}, qload_av = {:6.2f}\n",
                      static_cast<double>(threshold), counts.in_use, counts.made, local, remote,
                      (average.local + average.remote) / 2);
  return text;
}

}  // namespace sluice::monitor
