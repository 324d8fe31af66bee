// Runners: the persistent queue runners of a daemon (sendmail -qp): one process for each work group,
// sluice-queue-runner under a user that may do nothing but ask. Starts them, starts again what dies as
// core/supervise/runner_policy.h says, and ends them. Nothing that happens to one concerns another.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/supervise/runner_policy.h"
#include "instance.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

// How a process ended, of waitpid's status.
supervise::RunnerEnd runner_end(int wait_status);

// What one runner serves.
struct RunnerWork {
  std::vector<std::string> groups;
  std::string directory;  // for its title
};

class Runners {
 public:
  // `instance` and `owners` are not owned. `plan`: of the daemon, encoded. restarts: of those that die.
  Runners(net::Loop& loop, const Instance& instance, const layout::Owners& owners, std::string plan, bool restarts);
  ~Runners();

  void start(const std::vector<RunnerWork>& works);
  // All of them anew, because this signal came.
  void renew(int signal);
  // A process that ended; false: none of them.
  bool ended(pid_t pid, int status);
  // Never starts one again; `then` is called, now or later, when all have ended.
  void stop(std::function<void()> then);

 private:
  struct Runner;

  void launch(Runner& runner);
  void follow(Runner& runner, const supervise::RunnerVerdict& verdict);
  void say_when_none_is_left() const;
  void look_at_the_end();
  Result<pid_t, std::string> spawn(const Runner& runner) const;

  net::Loop& loop_;
  const Instance& instance_;
  const layout::Owners& owners_;
  const std::string plan_;
  const bool restarts_;
  std::vector<std::unique_ptr<Runner>> runners_;
  net::Timer patience_;
  bool stopping_ = false;
  std::function<void()> on_stopped_;
};

}  // namespace sluice::supervisor
