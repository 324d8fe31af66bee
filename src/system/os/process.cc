#include "system/os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "system/os/failure.h"
#include "system/os/fd.h"

namespace sluice::os {

bool become(const Identity& identity) {
  const bool listed = !identity.groups.empty();
  if (::setgroups(listed ? identity.groups.size() : 1, listed ? identity.groups.data() : &identity.gid) != 0 ||
      ::setresgid(identity.gid, identity.gid, identity.gid) != 0 ||
      ::setresuid(identity.uid, identity.uid, identity.uid) != 0)
    return false;
  if (identity.uid != 0 && ::setuid(0) == 0) return errno = EPERM, false;  // the way back must be closed
  return true;
}

namespace {

// The step of a start that failed; crosses from child to parent in one write.
enum class Step : int { kNone, kGroup, kDescriptors, kDirectory, kIdentity, kExecute };
struct Stop {
  Step step = Step::kNone;
  int code = 0;
};

constexpr std::size_t kMostDescriptors = 64;

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

// All that exec needs, allocated before the fork.
struct Prepared {
  explicit Prepared(const Program& program)
      : what(program), arguments(pointers(program.arguments)), environment(pointers(program.environment.entries())) {
    for (const auto& [ours, theirs] : program.descriptors) greatest = std::max({greatest, theirs, 2});
  }
  const Program& what;
  std::vector<char*> arguments, environment;
  int greatest = 2;  // descriptor of the program
};

// Puts every descriptor in its place: first all out of the way above the places, then down. `report` (-1: none) moves
// right above the places, close-on-exec. False: errno says why not.
bool place_descriptors(const Prepared& prepared, int& report) {
  int raised[kMostDescriptors];
  const auto& wanted = prepared.what.descriptors;
  const int above = prepared.greatest + 2;
  if (wanted.size() > kMostDescriptors) return errno = EMFILE, false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if ((raised[i] = ::fcntl(wanted[i].first, F_DUPFD_CLOEXEC, above)) < 0) return false;
  if (report >= 0 && (report = ::fcntl(report, F_DUPFD_CLOEXEC, above)) < 0) return false;
  for (int fd = 0; fd <= prepared.greatest; ++fd) ::close(fd);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (::dup2(raised[i], wanted[i].second) < 0) return false;
  if (report >= 0 && (report = ::dup3(report, prepared.greatest + 1, O_CLOEXEC)) < 0) return false;
  ::close_range(static_cast<unsigned>(prepared.greatest + (report >= 0 ? 2 : 1)), ~0u, 0);
  return true;
}

void raise_nice(int by) {
  errno = 0;
  const int now = ::getpriority(PRIO_PROCESS, 0);
  if (errno == 0) ::setpriority(PRIO_PROCESS, 0, now + by);
}

// No moment lies between a signal's default and the mask that holds it.
void reset_signals(const std::vector<int>& held) {
  sigset_t mask;
  sigfillset(&mask);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  for (int signo = 1; signo < NSIG; ++signo) std::signal(signo, SIG_DFL);
  sigemptyset(&mask);
  for (const int signo : held) sigaddset(&mask, signo);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

// `file` was opened by whom we were before: the program may stand below a directory that only root may enter. -1: it
// was not.
Stop execute(const Prepared& prepared, int file) {
  char* const* const arguments = prepared.arguments.data();
  char* const* const environment = prepared.environment.data();
  ::execve(prepared.what.path.c_str(), arguments, environment);
  const int code = errno;
  if (code == EACCES && file >= 0) ::execveat(file, "", arguments, environment, AT_EMPTY_PATH);
  return {Step::kExecute, code};
}

// The rest of a process's life as this program; comes back only with what stopped it.
Stop go(const Prepared& prepared, pid_t parent, int& report) {
  const Program& program = prepared.what;
  if (!place_descriptors(prepared, report)) return {Step::kDescriptors, errno};
  if (program.file_mask) ::umask(*program.file_mask);
  if (!program.directory.empty() && ::chdir(program.directory.c_str()) != 0) return {Step::kDirectory, errno};
  const int file = program.identity ? ::open(program.path.c_str(), O_PATH | O_CLOEXEC) : -1;
  int death_signal = program.parent_death_signal;
  if (death_signal == 0) ::prctl(PR_GET_PDEATHSIG, &death_signal);
  if (program.identity && !become(*program.identity)) return {Step::kIdentity, errno};
  if (death_signal != 0) {
    // Once more for one that we have already: a change of credentials makes the kernel forget it.
    ::prctl(PR_SET_PDEATHSIG, death_signal);
    if (::getppid() != parent) ::raise(death_signal);  // died before we asked
  }
  reset_signals(program.held_signals);
  return execute(prepared, file);
}

StartFailure describe(const Program& program, const Stop& stop) {
  const char* reason = std::strerror(stop.code);
  switch (stop.step) {
    case Step::kNone:
      break;
    case Step::kGroup:
      return {stop.code, fmt::format("cannot put {} into its process group: {}", program.path, reason)};
    case Step::kDescriptors:
      return {stop.code, fmt::format("cannot set up the descriptors of {}: {}", program.path, reason)};
    case Step::kDirectory:
      return {stop.code, fmt::format("cannot start {} in {}: {}", program.path, program.directory, reason)};
    case Step::kIdentity:
      return {stop.code, fmt::format("cannot start {} as uid {} gid {}: {}", program.path, program.identity->uid,
                                     program.identity->gid, reason)};
    case Step::kExecute:
      return {stop.code, fmt::format("cannot execute {}: {}", program.path, reason)};
  }
  return {stop.code, fmt::format("cannot start {}: {}", program.path, reason)};
}

}  // namespace

Result<pid_t, StartFailure> spawn(const Program& program) {
  const Prepared prepared(program);
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return fail(describe(program, {Step::kNone, errno}));
  Fd reading(both[0]), writing(both[1]);
  // No handler of ours may run in the child: it would speak into pipes that the two still share.
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    int report = writing.get();
    if (program.nice != 0) raise_nice(program.nice);
    const bool grouped = !(program.own_group || program.join_group > 0) || ::setpgid(0, program.join_group) == 0;
    const Stop stop = grouped ? go(prepared, parent, report) : Stop{Step::kGroup, errno};
    [[maybe_unused]] const ssize_t told = ::write(report, &stop, sizeof stop);
    ::_exit(111);
  }
  const int code = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return fail(describe(program, {Step::kNone, code}));
  writing.reset();
  Stop stop;
  ssize_t length;
  while ((length = ::read(reading.get(), &stop, sizeof stop)) < 0 && errno == EINTR) continue;
  if (length == 0) return child;  // the pipe closed as exec succeeded
  wait_for(child);
  return fail(describe(program, length == sizeof stop ? stop : Stop{Step::kNone, EIO}));
}

StartFailure replace_with(const Program& program) {
  const Prepared prepared(program);
  int no_report = -1;
  return describe(program, go(prepared, ::getppid(), no_report));
}

std::string executable_directory() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) throw Fatal(111, with_errno("cannot read /proc/self/exe"));
  const std::string_view whole(path, static_cast<std::size_t>(length));
  const auto slash = whole.rfind('/');
  return std::string(whole.substr(0, slash == 0 || slash == std::string_view::npos ? 1 : slash));
}

std::string find_program(const std::string& name, const std::string& path) {
  if (name.empty() || name.find('/') != std::string::npos) return name;
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find(':', start), path.size());
    const std::string directory = end == start ? "." : path.substr(start, end - start);
    const std::string candidate = directory + '/' + name;
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
    start = end + 1;
  }
  return {};
}

std::string search_path(const Environment& environment, const std::string& own) {
  return environment.find("PATH").value_or("/usr/bin:/bin") + ':' + own;
}

std::optional<Ended> reap_any() {
  Ended ended;
  while ((ended.pid = ::waitpid(-1, &ended.status, WNOHANG)) < 0 && errno == EINTR) continue;
  return ended.pid > 0 ? std::optional(ended) : std::nullopt;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

void occupy_standard_streams() {
  for (int fd = ::open("/dev/null", O_WRONLY); fd >= 0; fd = ::open("/dev/null", O_WRONLY))
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace sluice::os
