#include "daemon_form.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "announce.h"
#include "core/settings/table.h"
#include "system/config/handed_down.h"
#include "system/config/load.h"
#include "system/os/failure.h"

namespace sluice::supervisor {

namespace {

constexpr const char* kSendmail = "sendmail";

void note(std::string_view text) { os::say("info", kSendmail, text); }

// Standard output and error become `fd`.
void speak_into(int fd) {
  if (::dup2(fd, STDOUT_FILENO) < 0 || ::dup2(fd, STDERR_FILENO) < 0)
    throw os::Fatal(111, os::with_errno("cannot send the lines to the log"));
}

Result<pid_t, StartTrouble> start_splogger(const Instance& instance, const layout::Owners& owners, int lines) {
  const os::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null) return fail(StartTrouble{os::with_errno("cannot open /dev/null")});
  os::Program program;
  program.path = instance.binaries + "/splogger";
  program.arguments = {"splogger", kSendmail};
  program.environment = os::Environment::current();
  // Not our standard output and error: they are the pipe, whose end it would never see.
  program.descriptors = {{lines, STDIN_FILENO}, {null.get(), STDOUT_FILENO}, {null.get(), STDERR_FILENO}};
  program.directory = "/";
  program.identity = owners.identity(queue::User::kLogger, queue::Group::kNofiles);
  program.own_group = true;
  const auto pid = os::spawn(program);
  if (!pid) return fail(StartTrouble{pid.error().what});
  return *pid;
}

}  // namespace

std::optional<supervise::DaemonPlan> take_plan() {
  const char* const json = std::getenv(supervise::kDaemonPlan);
  if (json == nullptr) return std::nullopt;
  auto plan = supervise::decode_daemon_plan(json);
  ::unsetenv(supervise::kDaemonPlan);
  if (!plan) throw os::Fatal(100, plan.error());
  if (plan->command.empty()) throw os::Fatal(100, "the plan of the daemon has no command line");
  if (plan->report >= 0) ::fcntl(plan->report, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, kSendmail);
  return std::move(*plan);
}

DaemonForm::DaemonForm(net::Loop& loop, const Instance& instance, const layout::Owners& owners,
                       supervise::DaemonPlan plan)
    : loop_(loop), instance_(instance), owners_(owners), plan_(std::move(plan)) {}

DaemonForm::~DaemonForm() = default;

void DaemonForm::begin() {
  if (plan_.background && plan_.log.empty())
    open_syslog();
  else if (plan_.background)
    open_log_file();
  take_pid_file();
  note(fmt::format("starting daemon ({}): {}", SLUICE_VERSION, supervise::purpose_of(plan_)));
}

void DaemonForm::stands() {
  if (plan_.report < 0) return;
  // Whoever started us may have gone: the daemon stands all the same.
  [[maybe_unused]] const ssize_t told = ::write(plan_.report, "+", 1);
  ::close(std::exchange(plan_.report, -1));
}

bool DaemonForm::ended(pid_t pid, int status) {
  if (!splogger_ || splogger_->pid() != pid) return false;
  splogger_->ended(status);
  return true;
}

void DaemonForm::reopen_log() {
  if (!plan_.background || plan_.log.empty()) return;
  try {
    open_log_file();
  } catch (const os::Fatal& trouble) {
    alert(fmt::format("{}; lines go where they went", trouble.what()));
  }
}

void DaemonForm::end() {
  if (!pid_file_) return;
  ::unlink(plan_.pid_file.c_str());
  pid_file_.reset();
}

void DaemonForm::take_pid_file() {
  if (plan_.pid_file.empty() || pid_file_) return;
  if (const std::string why = lock_pid_file(); !why.empty())
    os::say("alert", kSendmail, fmt::format("unable to write pid to {}: {}", plan_.pid_file, why));
}

// Somebody else's is left alone: the lock says whose it is, whatever it contains. Why it cannot be had.
std::string DaemonForm::lock_pid_file() {
  os::Fd file;
  struct stat status {};
  while (status.st_nlink == 0) {  // one that its owner removed just now is nobody's
    file.reset(::open(plan_.pid_file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
    if (!file) return os::with_errno("cannot open");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return "file in use by another process";
    if (::fstat(file.get(), &status) != 0) return os::with_errno("cannot look at it");
  }
  const std::string text = fmt::format("{}\n{}\n", ::getpid(), fmt::join(plan_.command, " "));
  if (::ftruncate(file.get(), 0) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return os::with_errno("cannot write");
  pid_file_ = std::move(file);
  return {};
}

void DaemonForm::open_log_file() {
  const os::Fd file(::open(plan_.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640));
  if (!file) throw os::Fatal(111, os::with_errno("cannot open the log " + plan_.log));
  speak_into(file.get());
}

void DaemonForm::open_syslog() {
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) throw os::Fatal(111, os::with_errno("cannot make a pipe"));
  log_read_.reset(both[0]);
  const os::Fd write(both[1]);
  speak_into(write.get());
  Child::Kind kind;
  kind.name = kind.program = kind.label = "splogger";
  kind.role = "logger";
  kind.start = [this] { return start_splogger(instance_, owners_, log_read_.get()); };
  splogger_ = std::make_unique<Child>(loop_, std::move(kind), instance_.restart);
  splogger_->start();
}

bool DaemonForm::is_outdated() const {
  if (!plan_.retry_by_runs) return false;
  config::Environment environment = config::process_environment();
  environment.variables.unset(config::kHandedDown);
  const auto loaded = config::load({}, environment);
  const auto retry = settings::find_by_name("retry") - settings::table().data();
  return loaded && loaded->origins[static_cast<std::size_t>(retry)].source != settings::Source::kDefault;
}

os::Program DaemonForm::again() const {
  os::Program program;
  program.path = plan_.command.front();
  program.arguments = plan_.command;
  program.environment = os::Environment::current();
  program.environment.unset(config::kHandedDown);  // made of the command line, and so again
  if (plan_.background) program.environment.set(supervise::kDaemonAgain, "1");
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
  program.held_signals = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2};  // as main.cc holds them: a second HUP must not end us
  program.directory = plan_.directory;
  return program;
}

}  // namespace sluice::supervisor
