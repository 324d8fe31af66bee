// When the timer of a daemon (sendmail -q1h) starts queue runs: the first at once, then from start to start, however
// long a run takes; each group at its own interval. Pure: told the time, never waits.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace sluice::supervise {

class RunTimers {
 public:
  // The interval of each group, in their order; nothing or 0: no runs by a timer.
  RunTimers(std::span<const std::optional<Duration>> intervals, MonoTime start);

  // The groups whose time has come. Ticks that were missed, because the machine slept or the caller was late, are one;
  // those that follow keep the rhythm of the first.
  std::vector<std::size_t> due(MonoTime now);

  // When to ask again; nothing: never.
  std::optional<MonoTime> next() const;

 private:
  struct Tick {
    Duration interval{};
    MonoTime next{};
  };
  std::vector<Tick> ticks_;
};

// How long a persistent runner sleeps after a run of a group. `given`: the interval of -qp or of the group (I=);
// nothing or 0: the default, one second, or five after a run that found nothing to try.
Duration sleep_after_run(std::optional<Duration> given, bool empty);

// "01:00:00", "7+00:00:00": an interval as logs and titles show it.
std::string interval_text(Duration interval);

}  // namespace sluice::supervise
