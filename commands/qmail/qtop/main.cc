// qtop: see qtop(1). The queues on a terminal, kept up to date.
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "json.h"
#include "observer.h"
#include "options.h"
#include "system/config/load.h"
#include "system/os/clock.h"
#include "system/os/failure.h"
#include "terminal.h"
#include "watcher.h"

namespace sluice::qtop {

namespace {

constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr std::chrono::seconds kInterval{5}, kIntervalOnce{1};

std::chrono::minutes utc_offset() { return std::chrono::minutes(os::utc_offset_minutes(os::wall_now())); }

std::size_t output_width() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

int look_once(Observer& observer, const Options& options) {
  observer.look();
  std::this_thread::sleep_for(options.interval.value_or(kIntervalOnce));
  monitor::Snapshot snapshot = observer.look();
  constexpr std::size_t kNoEnd = 100'000, kLogLines = 10;
  const std::size_t lines = snapshot.log.size();
  snapshot.log.erase(snapshot.log.begin(),
                     snapshot.log.end() - static_cast<std::ptrdiff_t>(std::min(lines, kLogLines)));
  const std::string text =
      options.json ? json_text(snapshot) + '\n'
                   : monitor::plain_text(monitor::draw(snapshot, {}, {kNoEnd, output_width()}, utc_offset()).rows);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  return 0;
}

// The dialogue with the person at the terminal.
class Session {
 public:
  Session(Terminal& terminal, Watcher& watcher) : terminal_(terminal), watcher_(watcher) {}

  // Until q is pressed, the terminal goes away, or a signal arrives on `signals`. `mask`: the signals that are blocked
  // while it does not wait.
  void run(int signals, const sigset_t& mask) {
    for (bool wanted = true; wanted;) {
      show();
      pollfd events[] = {{STDIN_FILENO, POLLIN, 0}, {watcher_.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}};
      ::ppoll(events, std::size(events), nullptr, &mask);
      wanted = take_keys() && events[2].revents == 0 && (events[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
      if (auto fresh = watcher_.take(); fresh && !view_.paused) snapshot_ = std::move(fresh);
    }
  }

 private:
  void show() {
    if (!snapshot_) return terminal_.show({{{"looking at the queues ..."}}});
    auto picture = monitor::draw(*snapshot_, view_, terminal_.size(), utc_offset());
    view_.first = picture.first;
    terminal_.show(picture.rows);
  }

  bool take_keys() {
    for (Key key; (key = terminal_.key()) != Key::kNone;)
      if (!act(key)) return false;
    return true;
  }

  bool act(Key key) {
    constexpr std::size_t kPage = 10;
    const auto back = [this](std::size_t rows) { view_.first -= std::min(view_.first, rows); };
    switch (key) {
      case Key::kQuit:
        return false;
      case Key::kNow:
        watcher_.look_now();
        return true;
      case Key::kPause:
        view_.paused = !view_.paused;
        return true;
      case Key::kOrder:
        view_.order = monitor::next(view_.order);
        return true;
      case Key::kHelp:
        view_.help = !view_.help;
        return true;
      case Key::kDown:
        ++view_.first;
        return true;
      case Key::kUp:
        back(1);
        return true;
      case Key::kPageDown:
        view_.first += kPage;
        return true;
      case Key::kPageUp:
        back(kPage);
        return true;
      case Key::kNone:
      case Key::kOther:
        return true;
    }
    return true;
  }

  Terminal& terminal_;
  Watcher& watcher_;
  monitor::View view_;
  std::optional<monitor::Snapshot> snapshot_;
};

int watch(Observer& observer, const Options& options) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    throw os::Fatal(kExitUsage, "standard input and output are not a terminal; --once needs none");
  // The signals that end it come by a descriptor, and a change of the size comes while it waits and at no other time.
  sigset_t ending{}, blocked{}, before{};
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ending, signal);
  blocked = ending;
  ::sigaddset(&blocked, SIGWINCH);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const os::Fd signals(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) throw os::Fatal(kExitFailure, os::with_errno("cannot wait for signals"));
  sigset_t waiting = blocked;
  ::sigdelset(&waiting, SIGWINCH);
  Watcher watcher(observer, options.interval.value_or(kInterval));
  Terminal terminal;
  Session(terminal, watcher).run(signals.get(), waiting);
  return 0;
}

int run(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options) throw os::Fatal(kExitUsage, options.error());
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  Observer observer(loaded->settings, options->log);
  return options->once ? look_once(observer, *options) : watch(observer, *options);
}

}  // namespace

}  // namespace sluice::qtop

int main(int argc, char** argv) { return sluice::os::run_main("qtop", sluice::qtop::run, argc, argv); }
