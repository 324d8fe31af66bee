// When to start a child again that has ended. One value a child. Pure: the supervisor tells it what happened and when.
//
// A child that worked for a while is started again at once. One that dies soon after its start gets one immediate new
// chance, then waits 1 s, 2 s, 4 s ... 60 s, so that a broken program does not eat the machine. After a long quiet
// life it is forgiven; after a short good one (it did start, but keeps dying) it is started at once without being
// forgiven, so that dying every few seconds cannot reset the waiting.
#pragma once

#include <chrono>

#include "base/time.h"

namespace sluice::supervise {

struct RestartLimits {
  Duration young = std::chrono::seconds(10);  // a death within this time of the start is an early one
  Duration first = std::chrono::seconds(1);   // wait after the second early death; doubled after each more
  Duration last = std::chrono::seconds(60);   // the longest wait
  Duration quiet = std::chrono::seconds(60);  // a life at least this long forgives all early deaths
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartLimits limits = {}) : limits_(limits) {}

  void started(MonoTime now) { start_ = now; }

  // The child has ended at `now`; when to start it next (`now`: at once).
  MonoTime next_start(MonoTime now);

  // Deaths that count against it. More than one: the supervisor should say that it waits.
  unsigned early_deaths() const { return early_deaths_; }

 private:
  Duration wait() const;

  RestartLimits limits_;
  MonoTime start_{};
  unsigned early_deaths_ = 0;
};

}  // namespace sluice::supervise
