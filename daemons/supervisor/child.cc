#include "child.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kAskAgain{100};
constexpr Duration kAskSeldom{1'000};   // once it was said
constexpr Duration kWayIsSoon{5'000};   // until then it is no trouble
constexpr Duration kWayIsLong{20'000};  // of waiting for something of before, then it is said
constexpr Duration kRemnants{10'000};   // what is left of a group may take so long to end by itself
constexpr Duration kLastRemnants{5'000};

std::string in_utc(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(to_seconds(t))));
}

}  // namespace

Child::Child(net::Loop& loop, Kind kind, const supervise::RestartLimits& limits)
    : loop_(loop), kind_(std::move(kind)), policy_(limits), timer_(loop, [this] { on_time(); }) {}

void Child::start() {
  state_ = State::kStarting;
  attempt();
}

void Child::on_time() {
  switch (state_) {
    case State::kStarting:
    case State::kResting:
      return attempt();
    case State::kStopping:
      return go_on_stopping();
    case State::kRunning:
    case State::kStopped:
      return;
  }
}

void Child::attempt() {
  state_ = State::kStarting;
  if (group_is_alive()) return wait_for_way(kind_.label + ": processes of before are still ending");
  const auto pid = kind_.start();
  if (!pid && pid.error().passing) return wait_for_way(pid.error().what);
  waiting_ = reproved_ = false;
  if (!pid) {
    policy_.started(loop_.now());
    return start_again(fmt::format("{}: {}", kind_.label, pid.error().what), pid.error().what);
  }
  pid_ = group_ = *pid;
  since_ = loop_.wall();
  ++starts_;
  trouble_.clear();
  state_ = State::kRunning;
  policy_.started(loop_.now());
  announce(fmt::format("pid {}, {} started", pid_, kind_.label));
}

void Child::wait_for_way(const std::string& why) {
  trouble_ = why;
  if (!waiting_) waiting_ = true, waiting_since_ = loop_.now();
  const Duration waited = loop_.now() - waiting_since_;
  if (waited >= kRemnants && group_is_alive()) {
    kill_group();
    waiting_since_ = loop_.now();
  }
  if (waited >= kWayIsLong && !reproved_) {
    reproved_ = true;
    alert(fmt::format("cannot start: {}", why));
  }
  timer_.set_after(reproved_ ? kAskSeldom : kAskAgain);
}

void Child::start_again(const std::string& line, const std::string& why) {
  trouble_ = why;
  const MonoTime next = policy_.next_start(loop_.now());
  const Duration wait = next - loop_.now();
  if (wait <= Duration{0}) {
    state_ = State::kStarting;
    alert(line);
  } else {
    state_ = State::kResting;
    until_ = loop_.wall() + wait;
    if (kind_.rest) kind_.rest();
    alert(fmt::format("{}; next start in {:.1f} s", line, static_cast<double>(wait.count()) / 1000));
  }
  timer_.set(next);  // never from within this call: a start that fails would come back here
}

void Child::ended(int status) {
  const pid_t pid = std::exchange(pid_, 0);
  const bool finished = state_ != State::kStopping && kind_.finished && kind_.finished(status);
  announce(fmt::format("pid {}, {} {}", pid, kind_.label, state_ == State::kStopping || finished ? "stopped" : "died"));
  if (state_ == State::kStopping) {
    deadline_ = loop_.now() + kLastRemnants;
    return go_on_stopping();
  }
  if (finished) {
    state_ = State::kStopping;
    on_stopped_ = kind_.on_finished;
    deadline_ = loop_.now() + kRemnants;
    return go_on_stopping();
  }
  const std::string end = os::describe_end(status);
  start_again(fmt::format("restart {} pid {}, {} {}", kind_.program, pid, kind_.label, end), end);
}

void Child::stop(std::function<void()> on_stopped) {
  on_stopped_ = std::move(on_stopped);
  timer_.cancel();
  state_ = State::kStopping;
  deadline_ = loop_.now() + (pid_ > 0 ? kind_.patience : kLastRemnants);
  if (pid_ > 0) send_signal(SIGTERM);
  go_on_stopping();
}

void Child::go_on_stopping() {
  if (pid_ == 0 && !group_is_alive()) {
    state_ = State::kStopped;
    timer_.cancel();
    const auto call = std::exchange(on_stopped_, nullptr);
    if (call) call();
    return;
  }
  if (loop_.now() >= deadline_) {
    kill_group();
    deadline_ = loop_.now() + kLastRemnants;
  }
  timer_.set_after(kAskAgain);
}

void Child::forward(int signo) {
  if (state_ == State::kRunning) send_signal(signo);
}

void Child::send_signal(int signo) {
  announce(fmt::format("issue {} to {}, {}", signal_name(signo), pid_, kind_.label));
  ::kill(pid_, signo);
}

bool Child::group_is_alive() {
  if (group_ > 0 && ::kill(-group_, 0) != 0 && errno == ESRCH) group_ = 0;
  return group_ > 0;
}

void Child::kill_group() {
  alert(fmt::format("issue SIGKILL to the processes of group {}, {}: they did not end", group_, kind_.label));
  ::kill(-group_, SIGKILL);
}

bool Child::in_trouble() const {
  return state_ == State::kResting ||
         (state_ == State::kStarting && waiting_ && loop_.now() - waiting_since_ >= kWayIsSoon);
}

std::string Child::state_text() const {
  switch (state_) {
    case State::kStarting:
      return "starting";
    case State::kRunning:
      return "running";
    case State::kResting:
      return "backing off until " + in_utc(until_);
    case State::kStopping:
      return "stopping";
    case State::kStopped:
      return "stopped";
  }
  return "stopped";
}

nlohmann::json Child::report() const {
  nlohmann::json json{{"name", kind_.name},
                      {"role", kind_.role},
                      {"state", state_text()},
                      {"pid", pid_},
                      {"restarts", starts_ > 0 ? starts_ - 1 : 0}};
  if (pid_ > 0) json["since"] = to_seconds(since_);
  if (state_ == State::kResting) json["until"] = to_seconds(until_);
  if (!trouble_.empty()) json["trouble"] = trouble_;
  if (!kind_.queue_directory.empty()) json["queue_dir"] = kind_.queue_directory;
  return json;
}

}  // namespace sluice::supervisor
