// Backoff: how long a destination that cannot be reached is left alone: the first delay, then twice as long each time,
// up to a limit. It says until when; what happens then (one probe) is the lane's business.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace sluice::schedule {

struct BackoffBounds {
  Duration first = std::chrono::minutes{1};
  Duration limit = std::chrono::hours{1};
};

class Backoff {
 public:
  bool active() const { return failures_ != 0; }  // since the first failure until reset()
  std::uint32_t failures() const { return failures_; }
  MonoTime since() const { return since_; }  // the first failure
  MonoTime until() const { return until_; }

  void fail(const BackoffBounds& bounds, MonoTime now) {
    if (!active()) since_ = now;
    const unsigned doublings = std::min<std::uint32_t>(failures_, 20);
    until_ = now + std::min(bounds.first * (std::int64_t{1} << doublings), std::max(bounds.first, bounds.limit));
    if (failures_ < ~std::uint32_t{0}) ++failures_;
  }
  void expire(MonoTime now) { until_ = std::min(until_, now); }  // probe now; the next delay stays as long
  void reset() { *this = {}; }

 private:
  std::uint32_t failures_ = 0;
  MonoTime since_ = MonoTime::min();
  MonoTime until_ = MonoTime::min();
};

}  // namespace sluice::schedule
