// The two times. MonoTime is for waiting and never written down; WallTime is for what is written down (headers,
// journal, state, logs) and never waited for. There is no implicit way from one to the other. The core reads neither
// clock: both come in as arguments.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

using Duration = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct MonoClock {  // milliseconds since an arbitrary start (boot)
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock, duration>;
};
using MonoTime = MonoClock::time_point;

struct WallClock {  // milliseconds since 1970-01-01 00:00:00 UTC
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
};
using WallTime = WallClock::time_point;

constexpr WallTime wall_from_millis(std::int64_t milliseconds) { return WallTime{Duration{milliseconds}}; }
constexpr std::int64_t to_millis(WallTime t) { return t.time_since_epoch().count(); }
constexpr std::int64_t to_seconds(WallTime t) { return t.time_since_epoch().count() / 1000; }

}  // namespace sluice
