// The quadratic retry schedule: a message is tried at birth + skip², birth + (2·skip)², birth + (3·skip)² … seconds, so
// that young mail is tried often and old mail seldom. With skip 10 (local): 100 s, 400 s, 900 s …; with skip 20
// (remote): 400 s, 1600 s, 3600 s …  An attempt that began late moves on from where it is, it does not catch up.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace sluice::schedule {

// The largest integer whose square is at most `value`.
constexpr std::uint64_t integer_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
    if (value >= root + bit) {
      value -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return root;
}

// When to try next what was born at `birth` and tried at `tried`: birth + (floor(sqrt(age)) + skip)², age in whole
// seconds. A birth in the future counts as age 0.
constexpr MonoTime next_attempt(MonoTime birth, MonoTime tried, std::uint32_t skip) {
  const auto age = tried > birth ? std::chrono::duration_cast<Seconds>(tried - birth).count() : 0;
  const std::uint64_t step = integer_root(static_cast<std::uint64_t>(age)) + skip;
  return birth + Seconds{static_cast<std::int64_t>(step * step)};
}

// About when what is due at `due` was tried: the earliest time for which next_attempt() gives that.
constexpr MonoTime last_attempt(MonoTime birth, MonoTime due, std::uint32_t skip) {
  const auto age = due > birth ? std::chrono::duration_cast<Seconds>(due - birth).count() : 0;
  const std::uint64_t root = integer_root(static_cast<std::uint64_t>(age));
  const std::uint64_t step = root > skip ? root - skip : 0;
  return birth + Seconds{static_cast<std::int64_t>(step * step)};
}

}  // namespace sluice::schedule
