// What the controller of persistent queue runners (sendmail -qp) does when one of them has ended, and what it says. One
// value a runner. Pure: a state machine over the ends and the wishes of the operator.
//
//   serving ── killed by a signal, or it ended by itself ──→ serving, at most ten times; then lost
//      │  └──── dumped core; any end with no_persistent_restart ──→ lost
//      └─ renew ──→ leaving ── any end ──→ serving
//   lost ── renew ──→ serving, forgiven
//
// A restart that the operator asked for (HUP to the controller) is no penalty.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::supervise {

struct RunnerEnd {
  enum class How : std::uint8_t { kExit, kSignal, kCore };
  How how = How::kExit;
  int number = 0;  // exit status, or signal
  friend bool operator==(const RunnerEnd&, const RunnerEnd&) = default;
};

struct RunnerLine {
  bool grave = false;  // an alert, else for information
  std::string text;
  friend bool operator==(const RunnerLine&, const RunnerLine&) = default;
};

struct RunnerVerdict {
  bool start = false;  // start it (again)
  std::vector<RunnerLine> lines{};
};

class RunnerPolicy {
 public:
  static constexpr unsigned kMostRestarts = 10;

  // number: from 0, as the lines name it. restarts: false with -dno_persistent_restart.
  RunnerPolicy(unsigned number, bool restarts) : number_(number), restarts_(restarts) {}

  RunnerVerdict ended(const RunnerEnd& end);
  // It could not be started: counts as an end.
  RunnerVerdict not_started(const std::string& why);
  // The operator wants it anew (`signal`: which one said so). The verdict says whether to start it now; if it runs, it
  // is to be told to end, and is started when it has.
  RunnerVerdict renew(int signal);

  bool lost() const { return state_ == State::kLost; }
  unsigned restarts() const { return used_; }

 private:
  enum class State : std::uint8_t { kServing, kLeaving, kLost };
  RunnerVerdict start_again(RunnerVerdict verdict);
  std::string name() const;

  unsigned number_;
  bool restarts_;
  State state_ = State::kServing;
  unsigned used_ = 0;
  int renewed_by_ = 0;
};

}  // namespace sluice::supervise
