#include "core/supervise/restart_policy.h"

#include <algorithm>

namespace sluice::supervise {

MonoTime RestartPolicy::next_start(MonoTime now) {
  const Duration life = now - start_;
  if (life >= limits_.quiet) early_deaths_ = 0;
  if (life >= limits_.young) return now;
  ++early_deaths_;
  return now + wait();
}

Duration RestartPolicy::wait() const {
  if (early_deaths_ <= 1) return Duration{0};
  Duration wait = limits_.first;
  for (unsigned death = 2; death < early_deaths_ && wait < limits_.last; ++death) wait *= 2;
  return std::min(wait, limits_.last);
}

}  // namespace sluice::supervise
