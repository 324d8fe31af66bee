// sendmail -q: one queue run, in the foreground until everything that it selected has been tried once. Where nobody
// runs the queues it starts their daemons itself and ends them afterwards; when those that somebody else had started
// go away in the middle, it starts its own and runs what is left.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "core/queue/layout.h"
#include "queues.h"
#include "run_watch.h"
#include "system/net/socket.h"
#include "system/observe/todo_listing.h"
#include "temporary_daemons.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

constexpr Duration kLook{50};
constexpr int kStartLooks = 1200;  // a minute: a large queue takes some time to be read
constexpr Duration kPause{300};
constexpr int kMostTries = 100;

class QueueRunCommand {
 public:
  explicit QueueRunCommand(const Work& work) : work_(work) {}

  int run() {
    if (const auto groups = queues_by_group(work_); !groups) return complain(work_.program, groups.error()), EX_USAGE;
    int status = EX_OK;
    for (int tries = 0; tries < kMostTries; ++tries) {
      if (const auto failed = make_sure_of_daemons()) return interrupted().value_or(*failed);
      const auto parts = run_parts();
      const RunEnd end = watch_runs(parts, work_.options.verbose, interruption_, daemons_ ? &*daemons_ : nullptr);
      if (end.status != EX_OK) status = end.status;
      if (const auto stopped = interrupted()) return *stopped;
      if (end.unheard) return work_.fail(EX_IOERR, "cannot write to standard output");
      if (!end.refusal.empty()) return refused(end.refusal);
      if (end.complete) {
        if (daemons_) leave_daemons();
        return interrupted().value_or(status);
      }
      trouble_ = end.trouble;
      done_.insert(end.done.begin(), end.done.end());
      interruption_.wait(kPause, daemons_ ? &*daemons_ : nullptr);  // whose daemons these were, they may be ending
    }
    return work_.fail(EX_TEMPFAIL, fmt::format("the queue run did not come to its end: {}", trouble_));
  }

 private:
  std::optional<int> interrupted() const {
    constexpr int kBySignal = 128;  // as a shell says it
    if (interruption_.signal() == 0) return std::nullopt;
    return kBySignal + interruption_.signal();
  }

  int refused(const std::string& why) const {
    if (why.starts_with("You do not have permission")) return work_.fail(EX_NOPERM, why);
    return work_.fail(EX_UNAVAILABLE, why);
  }

  // The status, if the queues cannot be reached.
  std::optional<int> make_sure_of_daemons();
  std::optional<int> start_daemons();
  bool are_reachable() const;
  bool is_supervised() const {
    return net::connect_path(queue::supervisor_socket(work_.settings.run_dir), false).has_value();
  }
  bool may_start() const {
    struct stat status {};
    return ::geteuid() == 0 || (::stat(work_.settings.home.c_str(), &status) == 0 && status.st_uid == ::geteuid());
  }
  std::vector<RunPart> run_parts() const;
  bool is_given(std::string_view setting) const;
  mail::ClientTimeouts timeouts() const;
  void say_what_does_not_count() const;
  void await_mail();
  void leave_daemons();
  template <class Is>
  bool await(int looks, const Is& is);

  static constexpr const char* kNotYou = "You do not have permission to process the queue";

  const Work& work_;
  Interruption interruption_;
  std::optional<TemporaryDaemons> daemons_;
  std::string trouble_;
  std::set<unsigned> done_;  // queues in which the run is complete, when it had trouble in others
};

template <class Is>
bool QueueRunCommand::await(int looks, const Is& is) {
  for (int i = 0; interruption_.signal() == 0; ++i) {
    if (is()) return true;
    if (i >= looks) return false;
    interruption_.wait(kLook, daemons_ ? &*daemons_ : nullptr);
  }
  return false;
}

std::vector<observe::Queue> all_queues(const Work& work) {
  std::vector<observe::Queue> queues;
  if (auto groups = queues_by_group(work))
    for (GroupQueues& each : *groups)
      for (observe::Queue& queue : each.queues) queues.push_back(std::move(queue));
  return queues;
}

bool QueueRunCommand::are_reachable() const {
  const auto queues = all_queues(work_);
  return std::all_of(queues.begin(), queues.end(),
                     [](const observe::Queue& queue) { return net::connect_path(queue.control, false).has_value(); });
}

std::optional<int> QueueRunCommand::make_sure_of_daemons() {
  std::optional<int> failed;
  const bool started_before = daemons_.has_value();
  const bool there = await(kStartLooks, [&] {
    if (daemons_) {
      if (const auto how = daemons_->ended()) {
        trouble_ = *how;
        daemons_.reset();
        const bool somebody_was_faster = trouble_.find("already running") != std::string::npos;
        if (somebody_was_faster) interruption_.wait(kPause, nullptr);
        if (!somebody_was_faster && !is_supervised())
          failed = work_.fail(EX_UNAVAILABLE, fmt::format("cannot run the queue: {}", trouble_));
        return failed.has_value();
      }
    }
    if (are_reachable()) return true;
    if (!daemons_ && !is_supervised()) failed = start_daemons();
    return failed.has_value();
  });
  if (failed) return failed;
  if (!there) return work_.fail(EX_UNAVAILABLE, "cannot run the queue: its daemons do not answer");
  if (daemons_ && !started_before) await_mail();
  if (!daemons_ && trouble_.empty()) say_what_does_not_count();
  return std::nullopt;
}

std::optional<int> QueueRunCommand::start_daemons() {
  if (!may_start())
    return work_.fail(EX_NOPERM, std::string(kNotYou) + ": no daemon runs it, and only root starts one");
  auto started = TemporaryDaemons::start(work_);
  if (!started) return work_.fail(EX_UNAVAILABLE, fmt::format("cannot run the queue: {}", started.error()));
  daemons_.emplace(std::move(*started));
  return std::nullopt;
}

// Of a queue: its status, or nothing.
json status_of(const observe::Queue& queue) {
  json status;
  const auto asked = ipc::ask(queue.control, {{"what", "status"}}, [&](Octets text) {
    if (json answer = json::parse(text, nullptr, false); answer.is_object()) status = std::move(answer);
  });
  return asked ? status : json();
}

// What was accepted while no daemon ran comes in a moment after their start.
void QueueRunCommand::await_mail() {
  constexpr int kLooks = 200, kQuietLooks = 3;
  std::vector<std::uint64_t> before;
  int quiet = 0;
  await(kLooks, [&] {
    std::vector<std::uint64_t> now;
    for (const observe::Queue& queue : all_queues(work_)) {
      const json status = status_of(queue);
      now.push_back(status.is_object() ? status.value("messages", std::uint64_t{0}) : 0);
      now.push_back(observe::count_todo(queue.directory).value_or(0));
      if (now.back() != 0) quiet = 0;
    }
    quiet = now == before ? quiet + 1 : 0;
    before = std::move(now);
    return quiet >= kQuietLooks;
  });
}

// Whether the command line gives a value to the setting.
bool QueueRunCommand::is_given(std::string_view setting) const {
  return std::any_of(work_.given.begin(), work_.given.end(),
                     [&](const SettingGiven& each) { return each.setting == setting; });
}

mail::ClientTimeouts QueueRunCommand::timeouts() const {
  const settings::Settings& s = work_.settings;
  // In the order of mail::ClientWait.
  const std::array<Seconds, mail::kClientWaits.size()> all{
      s.timeout_connect, s.timeout_iconnect, s.timeout_aconnect,  s.timeout_greeting,  s.timeout_helo, s.timeout_mail,
      s.timeout_rcpt,    s.timeout_datainit, s.timeout_datablock, s.timeout_datafinal, s.timeout_quit};
  mail::ClientTimeouts said;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (is_given(fmt::format("timeout.{}", mail::kClientWaits[i]))) said[static_cast<mail::ClientWait>(i)] = all[i];
  return said;
}

// What of the command line goes neither with the run nor into daemons that are running already.
void QueueRunCommand::say_what_does_not_count() const {
  static constexpr std::array<std::string_view, 17> kCount{"home",
                                                           "queue_base",
                                                           "run_dir",
                                                           "queuegroups",
                                                           "me",
                                                           "defaulthost",
                                                           "defaultdomain",
                                                           "plusdomain",
                                                           "idhost",
                                                           "queue_run.order",
                                                           "queue_run.most",
                                                           "queue_run.runners",
                                                           "queue_run.min_age",
                                                           "queue_run.max_age",
                                                           "delivery_mode",
                                                           "hold_expensive",
                                                           "super_safe"};
  const auto of_others = [](std::string_view name) {  // the run's, the SMTP server's, who may ask
    return name.starts_with("timeout.") || name.starts_with("smtp.") || name.starts_with("restrict_");
  };
  std::string_view said;
  for (const SettingGiven& each : work_.given) {
    const bool counts =
        of_others(each.setting) || std::find(kCount.begin(), kCount.end(), each.setting) != kCount.end();
    if (counts || each.name == said) continue;  // one option may set several
    work_.say(fmt::format("{}: the daemons that run the queue keep their own value", each.name));
    said = each.name;
  }
}

std::vector<RunPart> QueueRunCommand::run_parts() const {
  const bool verbose = work_.options.verbose;
  select::QueueRun run;
  run.id = fmt::format("{}.{}", ::getpid(), std::chrono::system_clock::now().time_since_epoch().count());
  run.by = fmt::format("sendmail -q, uid {}, pid {}", ::getuid(), ::getpid());
  run.selector = work_.options.queue.selector;
  run.one_by_one = run.watch = verbose;
  run.wait = true;
  run.bounce = work_.options.return_now;
  if (is_given("queue_run.min_age")) run.min_age = work_.settings.queue_run_min_age;
  if (is_given("queue_run.max_age")) run.max_age = work_.settings.queue_run_max_age;
  run.timeouts = timeouts();
  std::vector<RunPart> parts;
  const auto groups = queues_by_group(work_);
  if (!groups) return parts;
  for (const GroupQueues& each : *groups) {
    if (each.group.runners == 0u && work_.options.queue.group.empty()) continue;
    run.order = order_of(work_, each.group);
    run.most = most_of(work_, each.group);
    run.width = each.group.runners.value_or(work_.settings.queue_run_runners);
    for (const observe::Queue& queue : each.queues)
      if (!done_.contains(queue.number)) parts.push_back({queue, run});
  }
  return parts;
}

// Whether nothing is under way in a queue, nor about to be, nor another's run.
bool is_idle(const observe::Queue& queue) {
  const json status = status_of(queue);
  if (!status.is_object()) return true;  // it is gone
  for (const char* channel : {"local", "remote", "lmtp"}) {
    const json figures = status.value(channel, json::object());
    if (!figures.is_object() || figures.value("in_flight", 0) != 0) return false;
    const json waiting = figures.value("waiting", json::object());
    for (const char* soon : {"channel-slot", "lane-window", "lane-rate", "instance-limit"})
      if (waiting.is_object() && waiting.value(soon, 0) != 0) return false;
  }
  std::size_t runs = 0;
  static_cast<void>(ipc::ask(queue.control, {{"what", "runs"}}, [&](Octets) { ++runs; }));
  return runs == 0;
}

// Ends the daemons that were started here, when neither what they began by themselves nor somebody else's run needs
// them any more.
void QueueRunCommand::leave_daemons() {
  constexpr int kForAsLongAsItTakes = 1 << 30;
  const auto queues = all_queues(work_);
  await(kForAsLongAsItTakes, [&] { return daemons_->ended() || std::all_of(queues.begin(), queues.end(), is_idle); });
  daemons_->stop();
}

}  // namespace

int run_queue(const Work& work) { return QueueRunCommand(work).run(); }

}  // namespace sluice::sendmail
