#include "program_run.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "system/os/failure.h"

namespace sluice::remote {

namespace {

os::StartFailure failure(const char* what) { return {errno, os::with_errno(what)}; }

}  // namespace

ProgramRun::ProgramRun(net::Loop& loop, Duration limit, Done done)
    : done_(std::move(done)), output_(loop.context()), end_(loop.context()), timer_(loop, [this] { time_is_up(); }) {
  timer_.set_after(limit);
}

Result<std::unique_ptr<ProgramRun>, os::StartFailure> ProgramRun::start(net::Loop& loop, os::Program program,
                                                                        Duration limit, Done done) {
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return fail(failure("cannot make a pipe"));
  os::Fd reading(both[0]);
  const os::Fd writing(both[1]);
  // Ours only: a program that is not told of it expects its own end to block.
  if (::fcntl(reading.get(), F_SETFL, O_NONBLOCK) != 0) return fail(failure("cannot set up a pipe"));
  program.descriptors.emplace_back(writing.get(), STDOUT_FILENO);
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto pid = os::spawn(program);
  if (!pid) return fail(pid.error());
  std::unique_ptr<ProgramRun> run(new ProgramRun(loop, limit, std::move(done)));
  run->pid_ = *pid;
  os::Fd end(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!end) return fail(failure("cannot watch a process"));
  run->output_.assign(reading.release());
  run->end_.assign(end.release());
  run->wait_for_output();
  run->end_.async_wait(Descriptor::wait_read, [self = run.get(), alive = run->alive_](const auto& error) {
    if (!error && *alive) self->ended();
  });
  return run;
}

ProgramRun::~ProgramRun() {
  *alive_ = false;
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  os::wait_for(pid_);
}

void ProgramRun::wait_for_output() {
  output_.async_wait(Descriptor::wait_read, [this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    if (read_output()) wait_for_output();
  });
}

// What is more than a report can be is read and dropped, so that the program does not wait for us; one read a turn, so
// that others have theirs.
bool ProgramRun::read_output() {
  char piece[4096];
  const ssize_t length = ::read(output_.native_handle(), piece, sizeof piece);
  if (length <= 0) return length < 0 && (errno == EAGAIN || errno == EINTR);
  const std::size_t room = mail::kMaximumRemoteOutput - std::min(said_.size(), mail::kMaximumRemoteOutput);
  said_.append(piece, std::min(room, static_cast<std::size_t>(length)));
  return true;
}

void ProgramRun::time_is_up() {
  ::kill(-pid_, timed_out_ ? SIGKILL : SIGTERM);
  if (!std::exchange(timed_out_, true)) timer_.set_after(kLastWords);
}

void ProgramRun::ended() {
  if (timed_out_) ::kill(-pid_, SIGKILL);  // while the number is still its own
  const int status = os::wait_for(std::exchange(pid_, 0));
  // What it wrote last may still be in the pipe; a pipe holds no more than this.
  constexpr int kMostReads = 64;
  for (int i = 0; i < kMostReads && said_.size() < mail::kMaximumRemoteOutput; ++i) {
    const std::size_t before = said_.size();
    if (!read_output() || said_.size() == before) break;
  }
  mail::ProgramEnd end;
  end.how = timed_out_            ? mail::ProgramEnd::How::kTimedOut
            : WIFSIGNALED(status) ? mail::ProgramEnd::How::kKilled
                                  : mail::ProgramEnd::How::kExited;
  end.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  timer_.cancel();
  const auto done = std::move(done_);
  done(std::move(said_), end);  // may destroy us
}

}  // namespace sluice::remote
