#include "runners.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "announce.h"
#include "core/supervise/daemon_plan.h"
#include "system/os/failure.h"
#include "system/os/fd.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kBetweenStarts{500};  // of one runner
constexpr Duration kPatience{3'000};     // between TERM and KILL

void say(const supervise::RunnerLine& line) { os::say(line.grave ? "alert" : "info", "sendmail", line.text); }

// Also of one that somebody stopped.
void end(pid_t runner) {
  ::kill(runner, SIGTERM);
  ::kill(runner, SIGCONT);
}

}  // namespace

supervise::RunnerEnd runner_end(int wait_status) {
  using How = supervise::RunnerEnd::How;
  if (!WIFSIGNALED(wait_status)) return {How::kExit, WEXITSTATUS(wait_status)};
  return {WCOREDUMP(wait_status) ? How::kCore : How::kSignal, WTERMSIG(wait_status)};
}

struct Runners::Runner {
  Runner(unsigned number, bool restarts, RunnerWork what, net::Loop& loop, std::function<void()> on_time)
      : work(std::move(what)), policy(number, restarts), timer(loop, std::move(on_time)) {}
  RunnerWork work;
  supervise::RunnerPolicy policy;
  net::Timer timer;  // of its next start
  MonoTime started{};
  pid_t pid = 0;
};

Runners::Runners(net::Loop& loop, const Instance& instance, const layout::Owners& owners, std::string plan,
                 bool restarts)
    : loop_(loop),
      instance_(instance),
      owners_(owners),
      plan_(std::move(plan)),
      restarts_(restarts),
      patience_(loop, [this] {
        for (const auto& runner : runners_)
          if (runner->pid > 0) ::kill(runner->pid, SIGKILL);
      }) {}

Runners::~Runners() = default;

void Runners::start(const std::vector<RunnerWork>& works) {
  for (const RunnerWork& work : works) {
    const auto number = static_cast<unsigned>(runners_.size());
    runners_.push_back(
        std::make_unique<Runner>(number, restarts_, work, loop_, [this, number] { launch(*runners_[number]); }));
  }
  for (const auto& runner : runners_) launch(*runner);
}

void Runners::launch(Runner& runner) {
  runner.started = loop_.now();
  const auto pid = spawn(runner);
  if (!pid) return follow(runner, runner.policy.not_started(pid.error()));
  runner.pid = *pid;
}

void Runners::follow(Runner& runner, const supervise::RunnerVerdict& verdict) {
  for (const auto& line : verdict.lines) say(line);
  // Not from within this call, and not faster than one that dies at its start.
  if (verdict.start) return runner.timer.set(std::max(loop_.now(), runner.started + kBetweenStarts));
  if (runner.policy.lost()) say_when_none_is_left();
}

void Runners::say_when_none_is_left() const {
  if (std::all_of(runners_.begin(), runners_.end(), [](const auto& runner) { return runner->policy.lost(); }))
    os::say("alert", "sendmail", "no persistent queue runner is left; HUP brings them back");
}

void Runners::renew(int signal) {
  for (const auto& runner : runners_) {
    const bool waits = runner->timer.armed();
    const auto verdict = runner->policy.renew(signal);
    if (runner->pid > 0)
      end(runner->pid);
    else if (waits)  // its next start is the new one
      follow(*runner, runner->policy.ended({}));
    else
      follow(*runner, verdict);
  }
}

bool Runners::ended(pid_t pid, int status) {
  const auto found =
      std::find_if(runners_.begin(), runners_.end(), [pid](const auto& runner) { return runner->pid == pid; });
  if (found == runners_.end()) return false;
  (*found)->pid = 0;
  if (stopping_)
    look_at_the_end();
  else
    follow(**found, (*found)->policy.ended(runner_end(status)));
  return true;
}

void Runners::stop(std::function<void()> then) {
  stopping_ = true;
  on_stopped_ = std::move(then);
  for (const auto& runner : runners_) {
    runner->timer.cancel();
    if (runner->pid > 0) end(runner->pid);
  }
  patience_.set_after(kPatience);
  look_at_the_end();
}

void Runners::look_at_the_end() {
  if (std::any_of(runners_.begin(), runners_.end(), [](const auto& runner) { return runner->pid > 0; })) return;
  patience_.cancel();
  if (const auto call = std::exchange(on_stopped_, nullptr)) call();
}

// Its command line is what ps(1) shows; what it is to do stands in its environment.
Result<pid_t, std::string> Runners::spawn(const Runner& runner) const {
  const os::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return fail(os::with_errno("cannot open /dev/null"));
  os::Program program;
  program.path = instance_.binaries + "/sluice-queue-runner";
  program.arguments = {"sendmail: running queue: " + runner.work.directory};
  program.environment = os::Environment::current();
  program.environment.set("SLUICE_HOME", instance_.home);
  program.environment.set(supervise::kDaemonPlan, plan_);
  program.environment.set(supervise::kRunnerGroups, fmt::format("{}", fmt::join(runner.work.groups, " ")));
  program.descriptors = {{null.get(), STDIN_FILENO}, {STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  program.directory = "/";
  program.file_mask = 077;
  // Anybody may ask for a run, unless that is restricted.
  const auto user = instance_.runs_restricted ? queue::User::kScheduler : queue::User::kLogger;
  program.identity = owners_.identity(user, queue::Group::kNofiles);
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto pid = os::spawn(program);
  if (!pid) return fail(pid.error().what);
  return *pid;
}

}  // namespace sluice::supervisor
