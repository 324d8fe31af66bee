#include "system/os/clock.h"

#include <ctime>

namespace sluice::os {

namespace {

Duration read(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return Duration{std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000};
}

}  // namespace

MonoTime mono_now() { return MonoTime{read(CLOCK_MONOTONIC)}; }
WallTime wall_now() { return WallTime{read(CLOCK_REALTIME)}; }

int utc_offset_minutes(WallTime t) {
  const std::time_t seconds = to_seconds(t);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return 0;
  return static_cast<int>(local.tm_gmtoff / 60);
}

}  // namespace sluice::os
