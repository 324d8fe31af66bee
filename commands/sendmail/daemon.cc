#include "daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "core/settings/table.h"
#include "core/supervise/daemon_plan.h"
#include "queues.h"
#include "system/os/failure.h"
#include "system/os/fd.h"
#include "system/os/process.h"

namespace sluice::sendmail {

namespace {

constexpr int kReport = 3;  // the daemon's descriptor on which it says that it stands

bool may_start_daemons(const std::string& home) {
  struct stat status {};
  return ::getuid() == 0 || (::stat(home.c_str(), &status) == 0 && status.st_uid == ::getuid());
}

int refuse(const Work& work) {
  ::openlog("sendmail", LOG_PID, LOG_MAIL);
  ::syslog(LOG_ALERT, "user %u attempted to %s", ::getuid(),
           work.options.listens ? "run daemon" : "start a queue runner daemon");
  return work.fail(EX_USAGE, "Permission denied (real uid not trusted)");
}

// Where the program of this name is, by its full path. The name says what the program does (smtpd), so it is kept if
// that can be; else it is our own file.
std::string full_path(const std::string& name) {
  std::error_code error;
  if (name.find('/') != std::string::npos) return std::filesystem::absolute(name, error).string();
  const std::string found = name.empty() ? name : os::find_program(name, os::executable_directory());
  if (!found.empty()) return found;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// So that it can be executed anew whatever the directory is then.
std::vector<std::string> command_line(const DaemonStart& start) {
  std::vector<std::string> command(start.argv, start.argv + start.argc);
  if (command.empty()) command.emplace_back("sendmail");
  command.front() = full_path(command.front());
  return command;
}

// A daemon that runs the queue tries deferred mail then, unless the instance says otherwise.
bool chooses_runs(const supervise::DaemonPlan& plan, const settings::Loaded& loaded) {
  const auto retry = settings::find_by_name("retry") - settings::table().data();
  return (plan.persistent || plan.runs_by_timer()) &&
         loaded.origins[static_cast<std::size_t>(retry)].source == settings::Source::kDefault;
}

supervise::DaemonPlan plan_of(const Work& work, const DaemonStart& start) {
  supervise::DaemonPlan plan;
  plan.listen = work.options.listens;
  plan.persistent = work.options.queue.persistent;
  plan.restarts = work.options.restart_runners;
  plan.background = !work.options.attached;
  plan.interval = work.options.queue.interval;
  plan.selector = work.options.queue.selector;
  if (!work.options.queue.group.empty()) plan.group = work.options.queue.group;
  plan.retry_by_runs = chooses_runs(plan, start.loaded);
  plan.log = work.settings.daemon_log;
  plan.pid_file = work.settings.pid_file;
  plan.command = command_line(start);
  std::error_code unknown;
  plan.directory = std::filesystem::current_path(unknown).string();
  return plan;
}

os::Program daemon_program(const Work& work, const supervise::DaemonPlan& plan) {
  config::Overrides overrides = work.overrides;
  if (plan.retry_by_runs) overrides.push_back({"retry", "run"});
  os::Program program;
  program.path = os::executable_directory() + "/qscheduler";
  program.arguments = {"sendmail: " + supervise::title_of(plan, work.settings.queue_base)};  // what ps(1) shows
  program.environment = os::Environment::current();
  program.environment.unset(supervise::kDaemonAgain);
  config::hand_down(overrides, work.settings, program.environment);
  program.environment.set(supervise::kDaemonPlan, supervise::encode(plan));
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
  program.held_signals = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2};  // until it asks for them
  return program;
}

// Of qscheduler's two codes; others are of the settings' or the system's own.
int status_of_end(int status) {
  if (!WIFEXITED(status)) return EX_SOFTWARE;
  switch (WEXITSTATUS(status)) {
    case 100:
      return EX_USAGE;
    case 111:
      return EX_OSERR;
    default:
      return WEXITSTATUS(status) == EX_OK ? EX_SOFTWARE : WEXITSTATUS(status);
  }
}

[[noreturn]] void go_into_background(os::Program program, const std::string& name, int report) {
  ::setsid();
  const os::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null) program.descriptors.front().first = null.get();
  program.descriptors.emplace_back(report, kReport);
  program.directory = "/";
  complain(name, os::replace_with(program).what);
  ::_exit(EX_OSERR);
}

// The status when the daemon stands, or will not.
int await_daemon(pid_t daemon, int report) {
  char stands = 0;
  ssize_t length;
  while ((length = ::read(report, &stands, 1)) < 0 && errno == EINTR) continue;
  if (length == 1) return EX_OK;
  return status_of_end(os::wait_for(daemon));
}

}  // namespace

int become_daemon(const Work& work, const DaemonStart& start) {
  if (!may_start_daemons(work.settings.home)) return refuse(work);
  if (const auto groups = queues_by_group(work); !groups) return complain(work.program, groups.error()), EX_USAGE;
  auto plan = plan_of(work, start);
  const bool again = std::getenv(supervise::kDaemonAgain) != nullptr;  // we are in the background already
  if (!plan.background || again) return work.fail(EX_OSERR, os::replace_with(daemon_program(work, plan)).what);

  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return work.fail(EX_OSERR, os::with_errno("cannot make a pipe"));
  const os::Fd reading(both[0]);
  os::Fd writing(both[1]);
  plan.report = kReport;
  const os::Program program = daemon_program(work, plan);
  const pid_t daemon = ::fork();
  if (daemon < 0) return work.fail(EX_OSERR, os::with_errno("cannot start a process"));
  if (daemon == 0) go_into_background(program, work.program, writing.get());
  writing.reset();
  return await_daemon(daemon, reading.get());
}

}  // namespace sluice::sendmail
