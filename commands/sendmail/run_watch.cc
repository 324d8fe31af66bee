#include "run_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <utility>

#include "system/os/clock.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

constexpr Duration kPatience{20'000};  // without a sign of life, which comes every ControlServer::kSignOfLife

// One queue's answers.
class Part {
 public:
  Part(ipc::Asking asking, unsigned queue, std::uint64_t& selected)
      : asking_(std::move(asking)), queue_(queue), selected_(selected) {}
  unsigned queue() const { return queue_; }

  int descriptor() const { return asking_.descriptor(); }
  bool is_over() const { return over_; }
  bool is_complete() const { return ended_; }
  MonoTime heard() const { return heard_; }

  void take(RunEnd& end, MonoTime now) {
    heard_ = now;
    const bool gone = is_gone();
    const auto last = asking_.take([&](Octets answer) { take_answer(answer, end); });
    if (last && !*last) return;
    over_ = true;
    if (last && ended_) return;
    if (!last && (begun_ || gone)) end.trouble = last.error();
    if (!last && !begun_ && !gone) end.refusal = last.error();
    if (last) end.trouble = "it ended without a result";
  }
  void give_up(RunEnd& end) {
    over_ = true;
    end.trouble = "its daemon does not answer";
  }
  void heard_now(MonoTime now) { heard_ = now; }

 private:
  // The daemon ended: that is no answer.
  bool is_gone() const {
    char octet = 0;
    return ::recv(descriptor(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
  }

  void take_answer(Octets text, RunEnd& end) {
    const json answer = json::parse(text, nullptr, false);
    if (!answer.is_object()) return;
    begun_ = true;
    if (const auto line = answer.find("line"); line != answer.end() && line->is_string()) {
      const std::string shown = line->get_ref<const std::string&>() + '\n';
      const bool written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size();
      end.unheard |= std::fflush(stdout) != 0 || !written;
    }
    if (const auto selected = answer.find("selected"); selected != answer.end() && selected->is_number_unsigned())
      selected_ = selected->get<std::uint64_t>();
    if (!answer.value("ended", false)) return;
    ended_ = true;
    if (const int status = answer.value("status", 0); status != 0) end.status = status;
  }

  ipc::Asking asking_;
  unsigned queue_;
  std::uint64_t& selected_;
  MonoTime heard_{};
  bool begun_ = false, ended_ = false, over_ = false;
};

void wait_for_all(std::vector<Part>& parts, RunEnd& end, Interruption& interruption, TemporaryDaemons* daemons) {
  constexpr int kLook = 1000;  // milliseconds
  const auto open = [](const Part& part) { return !part.is_over(); };
  while (interruption.signal() == 0 && !end.unheard && std::any_of(parts.begin(), parts.end(), open)) {
    std::vector<pollfd> polled{{interruption.descriptor(), POLLIN, 0},
                               {daemons ? daemons->descriptor() : -1, POLLIN, 0}};
    for (const Part& part : parts) polled.push_back({part.is_over() ? -1 : part.descriptor(), POLLIN, 0});
    ::poll(polled.data(), polled.size(), kLook);
    if (polled[0].revents != 0) interruption.look();
    if (polled[1].revents != 0) daemons->take_words();
    const MonoTime now = os::mono_now();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].is_over()) continue;
      if (polled[i + 2].revents != 0)
        parts[i].take(end, now);
      else if (now - parts[i].heard() > kPatience)
        parts[i].give_up(end);
    }
  }
}

// How many messages were selected in each.
std::vector<std::uint64_t> run_some(std::span<const RunPart> parts, RunEnd& end, Interruption& interruption,
                                    TemporaryDaemons* daemons) {
  std::vector<std::uint64_t> selected(parts.size());
  std::vector<Part> asked;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto asking = ipc::Asking::begin(parts[i].queue.control, select::to_json(parts[i].run));
    if (!asking) {
      end.trouble = asking.error();
      continue;
    }
    asked.emplace_back(std::move(*asking), parts[i].queue.number, selected[i]);
    asked.back().heard_now(os::mono_now());
  }
  wait_for_all(asked, end, interruption, daemons);
  for (const Part& part : asked)
    if (part.is_complete()) end.done.push_back(part.queue());
  return selected;
}

std::vector<std::uint64_t> count_some(std::span<const RunPart> parts, Interruption& interruption,
                                      TemporaryDaemons* daemons) {
  std::vector<RunPart> counting(parts.begin(), parts.end());
  for (RunPart& part : counting) part.run.count_only = true, part.run.watch = false;
  RunEnd unheard;  // the run itself will meet the same trouble, and say so
  return run_some(counting, unheard, interruption, daemons);
}

// The queues of one group.
void run_in_turn(std::span<const RunPart> group, RunEnd& end, Interruption& interruption, TemporaryDaemons* daemons) {
  std::vector<std::uint64_t> counts(group.size());
  if (group.size() > 1) counts = count_some(group, interruption, daemons);
  std::uint64_t before = 0, of_all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  for (std::size_t i = 0; i < group.size() && interruption.signal() == 0 && !end.unheard; ++i) {
    RunPart part = group[i];
    part.run.before = before;
    part.run.of_all = of_all;
    const std::uint64_t selected = run_some({&part, 1}, end, interruption, daemons).front();
    before += selected;
    of_all += selected - counts[i];  // things have changed since they were counted
  }
}

}  // namespace

Interruption::Interruption() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signo : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signo);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) == 0) signals_ = os::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

void Interruption::look() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    signal_ = static_cast<int>(info.ssi_signo);
}

void Interruption::wait(Duration time, TemporaryDaemons* daemons) {
  pollfd polled[] = {{signals_.get(), POLLIN, 0}, {daemons ? daemons->descriptor() : -1, POLLIN, 0}};
  ::poll(polled, 2, static_cast<int>(time.count()));
  if (polled[0].revents != 0) look();
  if (polled[1].revents != 0) daemons->take_words();
}

RunEnd watch_runs(const std::vector<RunPart>& parts, bool one_by_one, Interruption& interruption,
                  TemporaryDaemons* daemons) {
  RunEnd end;
  std::span<const RunPart> rest(parts);
  if (!one_by_one) run_some(std::exchange(rest, {}), end, interruption, daemons);
  while (!rest.empty()) {
    const auto others = std::find_if(rest.begin(), rest.end(),
                                     [&](const RunPart& part) { return part.queue.group != rest.front().queue.group; });
    const auto count = static_cast<std::size_t>(others - rest.begin());
    run_in_turn(rest.first(count), end, interruption, daemons);
    rest = rest.subspan(count);
  }
  end.complete = end.trouble.empty() && end.refusal.empty() && !end.unheard && interruption.signal() == 0;
  return end;
}

}  // namespace sluice::sendmail
