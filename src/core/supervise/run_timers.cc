#include "core/supervise/run_timers.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::supervise {

namespace {

constexpr Duration kAfterWork{1'000}, kAfterNothing{5'000};

}  // namespace

RunTimers::RunTimers(std::span<const std::optional<Duration>> intervals, MonoTime start) {
  for (const auto& interval : intervals)
    ticks_.push_back({std::max(interval.value_or(Duration{0}), Duration{0}), start});
}

std::vector<std::size_t> RunTimers::due(MonoTime now) {
  std::vector<std::size_t> groups;
  for (std::size_t i = 0; i < ticks_.size(); ++i) {
    Tick& tick = ticks_[i];
    if (tick.interval == Duration{0} || now < tick.next) continue;
    groups.push_back(i);
    tick.next += tick.interval * ((now - tick.next) / tick.interval + 1);
  }
  return groups;
}

std::optional<MonoTime> RunTimers::next() const {
  std::optional<MonoTime> first;
  for (const Tick& tick : ticks_)
    if (tick.interval > Duration{0} && (!first || tick.next < *first)) first = tick.next;
  return first;
}

Duration sleep_after_run(std::optional<Duration> given, bool empty) {
  if (given && *given > Duration{0}) return *given;
  return empty ? kAfterNothing : kAfterWork;
}

std::string interval_text(Duration interval) {
  const auto seconds = std::chrono::duration_cast<Seconds>(interval).count();
  const std::string days = seconds >= 86'400 ? fmt::format("{}+", seconds / 86'400) : "";
  return fmt::format("{}{:02}:{:02}:{:02}", days, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

}  // namespace sluice::supervise
