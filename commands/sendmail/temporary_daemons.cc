#include "temporary_daemons.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "system/config/load.h"
#include "system/os/process.h"
#include "system/os/syslog_level.h"

namespace sluice::sendmail {

namespace {

constexpr std::size_t kLongestLine = 1000;

os::Environment environment_for(const Work& work) {
  os::Environment environment = os::Environment::current();
  config::Overrides overrides = work.overrides;
  overrides.push_back({"smtp.listen", ""});
  overrides.push_back({"retry", "run"});
  config::hand_down(overrides, work.settings, environment);
  return environment;
}

}  // namespace

Result<TemporaryDaemons, std::string> TemporaryDaemons::start(const Work& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  os::Fd words(ends[0]);
  const os::Fd theirs(ends[1]);
  const os::Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing || ::fcntl(words.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail(fmt::format("cannot open /dev/null: {}", std::strerror(errno)));
  os::Program program;
  program.path = os::executable_directory() + "/qscheduler";
  program.arguments = {"qscheduler", "-s"};
  program.environment = environment_for(work);
  program.descriptors = {{nothing.get(), STDIN_FILENO}, {theirs.get(), STDOUT_FILENO}, {theirs.get(), STDERR_FILENO}};
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto started = os::spawn(program);
  if (!started) return fail(started.error().what);
  ::openlog("sendmail", LOG_PID, LOG_MAIL);
  return TemporaryDaemons(*started, std::move(words));
}

TemporaryDaemons::TemporaryDaemons(TemporaryDaemons&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      words_(std::move(other.words_)),
      begun_(std::move(other.begun_)),
      last_(std::move(other.last_)) {}

void TemporaryDaemons::take_words() {
  std::array<char, 16384> piece;
  ssize_t length = 0;
  while ((length = ::read(words_.get(), piece.data(), piece.size())) > 0) {
    Octets rest(piece.data(), static_cast<std::size_t>(length));
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (begun_.size() < kLongestLine) begun_.append(rest.substr(0, std::min(end, kLongestLine)));
      if (end == Octets::npos) break;
      ::syslog(os::syslog_level(activity::priority_of(begun_)), "%s", begun_.c_str());
      last_ = std::exchange(begun_, {});
      rest.remove_prefix(end + 1);
    }
  }
  if (length == 0) words_.reset();  // they are gone
}

std::optional<std::string> TemporaryDaemons::ended() {
  if (pid_ == 0) return "they have ended";
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return std::nullopt;
  pid_ = 0;
  if (words_) take_words();
  return last_.empty() ? fmt::format("qscheduler {}", os::describe_end(status)) : last_;
}

void TemporaryDaemons::stop() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  while (!ended()) {
    pollfd until_they_speak{words_.get(), POLLIN, 0};
    constexpr int kLook = 100;  // milliseconds
    if (::poll(&until_they_speak, 1, kLook) > 0 && words_) take_words();
  }
}

}  // namespace sluice::sendmail
