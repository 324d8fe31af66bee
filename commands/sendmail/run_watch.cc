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
#include <span>

#include "system/os/clock.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

constexpr Duration kPatience{20'000};  // without a sign of life, which comes every ControlServer::kSignOfLife

// One queue's answers.
class Part {
 public:
  Part(ipc::Asking asking) : asking_(std::move(asking)) {}

  int descriptor() const { return asking_.descriptor(); }
  bool is_over() const { return over_; }
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
      fmt::print("{}\n", line->get_ref<const std::string&>());
      std::fflush(stdout);
    }
    if (!answer.value("ended", false)) return;
    ended_ = true;
    if (const int status = answer.value("status", 0); status != 0) end.status = status;
  }

  ipc::Asking asking_;
  MonoTime heard_{};
  bool begun_ = false, ended_ = false, over_ = false;
};

void wait_for_all(std::vector<Part>& parts, RunEnd& end, Interruption& interruption, TemporaryDaemons* daemons) {
  constexpr int kLook = 1000;  // milliseconds
  const auto open = [](const Part& part) { return !part.is_over(); };
  while (interruption.signal() == 0 && std::any_of(parts.begin(), parts.end(), open)) {
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

void run_some(std::span<const RunPart> parts, RunEnd& end, Interruption& interruption, TemporaryDaemons* daemons) {
  std::vector<Part> asked;
  for (const RunPart& part : parts) {
    json query = select::to_json(part.run);
    query["what"] = "run";
    auto asking = ipc::Asking::begin(part.queue.control, query);
    if (!asking) {
      end.trouble = asking.error();
      continue;
    }
    asked.emplace_back(std::move(*asking));
    asked.back().heard_now(os::mono_now());
  }
  wait_for_all(asked, end, interruption, daemons);
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
  const std::span all(parts);
  for (std::size_t i = 0; i < all.size() && interruption.signal() == 0; i += one_by_one ? 1 : all.size())
    run_some(all.subspan(i, one_by_one ? 1 : all.size()), end, interruption, daemons);
  end.complete = end.trouble.empty() && end.refusal.empty() && interruption.signal() == 0;
  return end;
}

}  // namespace sluice::sendmail
