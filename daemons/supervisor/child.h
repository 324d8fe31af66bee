// Child: one process group under supervision: a queue (qmail-start, which becomes qmail-send, with its neighbours) or a
// process of the SMTP server. Starts it, starts it again when it died, rests when it keeps dying, and stops it within a
// bounded time. A new start waits until every process of the old group is gone, so that a queue never has two writers.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "core/supervise/restart_policy.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

struct StartTrouble {
  std::string what;
  bool passing = false;  // something of before is still ending: ask again soon; this is no failed start
};

class Child {
 public:
  struct Kind {
    std::string name;             // "queue1", "sluice-smtpd"
    std::string role;             // "queue", "smtp-server"
    std::string program;          // "qmail-send", "sluice-smtpd"
    std::string label;            // for lines: "queue /q/queue1", "sluice-smtpd 1"
    std::string queue_directory;  // empty for a server
    Duration patience;            // between TERM and KILL
    // Starts the process, as leader of its own group.
    std::function<Result<pid_t, StartTrouble>()> start;
    // It will not be started for a while: give up what was kept for it. Optional.
    std::function<void()> rest = nullptr;
    // It ended by itself with this status: true, its work is done and it is not started again; then `on_finished` is
    // called, when no process of it is left. Both or none.
    std::function<bool(int status)> finished = nullptr;
    std::function<void()> on_finished = nullptr;
  };

  Child(net::Loop& loop, Kind kind, const supervise::RestartLimits& limits);

  void start();
  // Never starts it again; `on_stopped` is called, now or later, when no process of it is left.
  void stop(std::function<void()> on_stopped);
  void forward(int signo);

  // The process that start() gave has ended.
  void ended(int status);
  pid_t pid() const { return pid_; }  // 0: none

  bool running() const { return state_ == State::kRunning; }
  // It rests, or has waited for its way for a while.
  bool in_trouble() const;

  // What `status` on the control socket says of it.
  nlohmann::json report() const;

 private:
  enum class State { kStarting, kRunning, kResting, kStopping, kStopped };

  void on_time();
  void attempt();
  void wait_for_way(const std::string& why);
  void start_again(const std::string& line, const std::string& why);  // says the line and when
  void go_on_stopping();
  bool group_is_alive();
  void kill_group();
  void send_signal(int signo);
  std::string state_text() const;

  net::Loop& loop_;
  Kind kind_;
  supervise::RestartPolicy policy_;
  net::Timer timer_;
  State state_ = State::kStopped;
  pid_t pid_ = 0, group_ = 0;
  MonoTime waiting_since_{}, deadline_{};
  bool waiting_ = false, reproved_ = false;
  WallTime since_{}, until_{};
  unsigned starts_ = 0;
  std::string trouble_;  // why it does not run
  std::function<void()> on_stopped_;
};

}  // namespace sluice::supervisor
