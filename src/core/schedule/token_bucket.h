// TokenBucket: at most `count` starts per `per` in the long run, at most `burst` of them at once. It keeps one number,
// the time at which the bucket will be full again, in microseconds since the epoch of MonoTime.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace sluice::schedule {

struct Rate {
  std::uint32_t count = 0;  // 0: no limit
  Duration per = std::chrono::minutes{1};
  std::uint32_t burst = 1;
  friend bool operator==(const Rate&, const Rate&) = default;
};

class TokenBucket {
 public:
  // The earliest time, not before `now`, at which take() is allowed.
  MonoTime ready_at(const Rate& rate, MonoTime now) const {
    if (rate.count == 0) return now;
    const std::int64_t spare = step(rate) * (std::max<std::int64_t>(rate.burst, 1) - 1);
    return std::max(now, round_up(full_at_ - spare));
  }
  void take(const Rate& rate, MonoTime now) {
    if (rate.count != 0) full_at_ = std::max(full_at_, micros(now)) + step(rate);
  }
  // From then on the bucket is like a new one and need not be remembered.
  MonoTime full_at(const Rate& rate) const { return rate.count == 0 ? MonoTime::min() : round_up(full_at_); }

 private:
  static std::int64_t micros(MonoTime t) { return t.time_since_epoch().count() * 1000; }
  static std::int64_t step(const Rate& rate) {
    return std::max<std::int64_t>((rate.per.count() * 1000 + rate.count - 1) / rate.count, 1);
  }
  static MonoTime round_up(std::int64_t micros) {
    return MonoTime{Duration{micros / 1000 + (micros % 1000 > 0 ? 1 : 0)}};
  }

  std::int64_t full_at_ = MonoTime::min().time_since_epoch().count() / 2000;  // long ago
};

}  // namespace sluice::schedule
