// What this qmail-send has done since it began: figures that only grow, so that whoever looks twice knows the rate.
#pragma once

#include <cstdint>

#include "core/mail/outcome.h"

namespace sluice::scheduler {

struct Figures {
  std::uint64_t taken = 0;                                // messages
  std::uint64_t delivered = 0, deferred = 0, failed = 0;  // recipients, once for each attempt

  void count(mail::Verdict verdict) {
    switch (verdict) {
      case mail::Verdict::kDelivered:
        ++delivered;
        return;
      case mail::Verdict::kDeferred:
        ++deferred;
        return;
      case mail::Verdict::kFailed:
        ++failed;
        return;
    }
  }
};

}  // namespace sluice::scheduler
