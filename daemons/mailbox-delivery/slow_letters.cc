#include "slow_letters.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "carry_out.h"
#include "program.h"
#include "system/net/socket.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr Duration kWaitForRoom = Seconds{5};
constexpr Duration kGrace = Seconds{90};  // over the time of the programs, for locks and the disk
constexpr std::size_t kLongestReport = 256 << 10;

// Descriptors of the child.
constexpr int kReport = 3;
constexpr int kBody = 4;

// The child keeps the report and the message; the link to qmail-lspawn is not for it.
void keep_only(int report, int body) {
  constexpr int kAbove = 64;
  const int raised_report = ::fcntl(report, F_DUPFD, kAbove);
  const int raised_body = body < 0 ? -1 : ::fcntl(body, F_DUPFD, kAbove);
  ::close(0);
  ::open("/dev/null", O_RDONLY);  // becomes 0
  ::dup3(raised_report, kReport, O_CLOEXEC);
  if (raised_body >= 0) ::dup3(raised_body, kBody, O_CLOEXEC);
  ::close_range(static_cast<unsigned>(raised_body >= 0 ? kBody : kReport) + 1, ~0U, 0);
}

link::LetterDone carried_out(const link::Letter& letter, const link::WorkerSetup& setup,
                             const std::string& replacement) {
  try {
    const Body body = letter.body_follows ? Body(os::Fd(kBody), letter.line_form) : Body(letter.body, letter.line_form);
    std::uint64_t sequence = 0;
    return deliver({letter, setup, body, sequence, std::chrono::steady_clock::now() + setup.program_limit},
                   replacement);
  } catch (const std::exception& exception) {
    return {letter.token, deferred(fmt::format("Delivery failed: {}", exception.what())), {}, {}};
  }
}

[[noreturn]] void run_child(pid_t parent, Octets payload, const link::WorkerSetup& setup,
                            const std::string& replacement, int report, int body) {
  ::setpgid(0, 0);
  heed_termination();
  std::signal(SIGCHLD, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(0);
  keep_only(report, body);
  const auto letter = link::Letter::decode(payload);
  if (!letter) ::_exit(111);
  std::string out;
  carried_out(*letter, setup, replacement).encode(out);
  for (Octets rest = out; !rest.empty();) {
    const ssize_t written = ::write(kReport, rest.data(), rest.size());
    if (written <= 0) ::_exit(111);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  ::_exit(0);
}

}  // namespace

SlowLetters::SlowLetters(net::Loop& loop, const link::WorkerSetup& setup, std::string replacement,
                         std::function<void(const link::LetterDone&)> done)
    : loop_(loop), setup_(setup), replacement_(std::move(replacement)), done_(std::move(done)), late_(loop, [this] {
        defer_late_ones();
      }) {}

void SlowLetters::take(std::uint64_t token, Octets payload, os::Fd body) {
  Waiting letter{token, std::string(payload), std::move(body), loop_.now() + kWaitForRoom};
  if (!held_ && running_.size() < setup_.slow_deliveries && waiting_.empty()) return start(std::move(letter));
  waiting_.push_back(std::move(letter));
  if (!late_.armed()) late_.set(waiting_.front().until);
}

void SlowLetters::hold(bool held) {
  held_ = held;
  start_next();
}

void SlowLetters::start(Waiting letter) {
  const std::uint64_t token = letter.token;
  auto ends = net::socket_pair();
  const pid_t parent = ::getpid();
  const pid_t pid = ends ? ::fork() : -1;
  if (pid < 0)
    return done_({token, deferred(fmt::format("Unable to start a delivery: {}.", std::strerror(errno))), {}, {}});
  if (pid == 0) {
    // The far end is non-blocking; the child has nothing else to do than to wait.
    ::fcntl(ends->second.get(), F_SETFL, 0);
    run_child(parent, letter.payload, setup_, replacement_, ends->second.get(), letter.body.get());
  }
  ::setpgid(pid, pid);  // whoever is first
  auto report = net::Stream::adopt(loop_, std::move(ends->first));
  auto said = std::make_shared<std::string>();
  auto limit = std::make_unique<net::Timer>(loop_, [pid] { ::kill(-pid, SIGKILL); });
  limit->set_after(setup_.program_limit + kGrace);
  running_.emplace(token, Running{pid, report, std::move(limit)});
  report->start({[said](Octets octets) {
                   if (said->size() <= kLongestReport) said->append(octets);
                   return octets.size();
                 },
                 [this, token, said](int) { ended(token, *said); }});
}

void SlowLetters::ended(std::uint64_t token, Octets report) {
  running_.erase(token);
  const auto done = link::LetterDone::decode(report);
  if (done && done->token == token)
    done_(*done);
  else
    done_({token, deferred("The delivery died."), {}, {}});
  start_next();
}

void SlowLetters::start_next() {
  while (!held_ && !waiting_.empty() && running_.size() < setup_.slow_deliveries) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(next));
  }
  if (waiting_.empty()) late_.cancel();
}

void SlowLetters::defer_late_ones() {
  while (!waiting_.empty() && waiting_.front().until <= loop_.now()) {
    mail::Outcome outcome =
        deferred("Too many programs, locks or forwards of this recipient are under way.", {4, 3, 2});
    outcome.trouble = mail::Trouble::kBusy;  // so that the scheduler sends him fewer at once
    done_({waiting_.front().token, std::move(outcome), {}, {}});
    waiting_.pop_front();
  }
  if (!waiting_.empty()) late_.set(waiting_.front().until);
}

void SlowLetters::stop() {
  waiting_.clear();
  late_.cancel();
  for (const auto& [token, running] : running_) ::kill(running.pid, SIGTERM);
}

}  // namespace sluice::mailbox_delivery
