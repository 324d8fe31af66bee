#include "core/supervise/runner_policy.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::supervise {

namespace {

using How = RunnerEnd::How;

}  // namespace

std::string RunnerPolicy::name() const { return fmt::format("persistent queue runner={}", number_); }

RunnerVerdict RunnerPolicy::ended(const RunnerEnd& end) {
  RunnerVerdict verdict;
  switch (state_) {
    case State::kLost:
      return verdict;
    case State::kLeaving:
      state_ = State::kServing;
      verdict.start = true;
      verdict.lines.push_back({true, fmt::format("restart queue runner={} due to signal {}", number_, renewed_by_)});
      return verdict;
    case State::kServing:
      break;
  }
  if (end.how == How::kCore) {
    state_ = State::kLost;
    verdict.lines.push_back({true, fmt::format("{} core dumped, signal={}", name(), end.number)});
    return verdict;
  }
  if (end.how == How::kSignal)
    verdict.lines.push_back({true, fmt::format("{} died, signal={}", name(), end.number)});
  else if (restarts_)
    verdict.lines.push_back({end.number != 0, fmt::format("{} ended, status={}", name(), end.number)});
  return start_again(std::move(verdict));
}

RunnerVerdict RunnerPolicy::not_started(const std::string& why) {
  RunnerVerdict verdict;
  verdict.lines.push_back({true, fmt::format("{} not started: {}", name(), why)});
  return start_again(std::move(verdict));
}

RunnerVerdict RunnerPolicy::start_again(RunnerVerdict verdict) {
  if (!restarts_) {
    state_ = State::kLost;
    verdict.lines.push_back({true, name() + ", exited"});
  } else if (used_ >= kMostRestarts) {
    state_ = State::kLost;
    verdict.lines.push_back({true, fmt::format("ERROR: {} restarted too many times, queue runner lost", name())});
  } else {
    ++used_;
    verdict.start = true;
  }
  return verdict;
}

RunnerVerdict RunnerPolicy::renew(int signal) {
  RunnerVerdict verdict;
  used_ = 0;
  renewed_by_ = signal;
  verdict.start = state_ == State::kLost;
  if (verdict.start)
    verdict.lines.push_back({true, fmt::format("restart queue runner={} due to signal {}", number_, signal)});
  state_ = verdict.start ? State::kServing : State::kLeaving;
  return verdict;
}

}  // namespace sluice::supervise
