#include "supervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "before_start.h"
#include "core/supervise/group_runs.h"
#include "core/supervise/work_groups.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kServerPatience{10'000};  // sessions finish the message that they are in
constexpr Duration kBetweenLockLooks{500};   // at the lock that another supervisor holds

// How qscheduler's alerts call a signal that it got.
std::string_view received_name(int signo) {
  if (signo == SIGALRM) return "ALARM";
  return signal_name(signo).substr(3);
}

std::string text_of(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// One runner a group of queues, or for several groups where the number of runners is limited.
std::vector<RunnerWork> works_of(const Instance& instance, const std::vector<supervise::GroupRun>& runs) {
  std::vector<std::uint32_t> widths;
  for (const auto& run : runs) widths.push_back(std::max(run.run.width, 1u));
  std::vector<RunnerWork> works;
  for (const auto& places : supervise::work_groups(widths, instance.most_children)) {
    RunnerWork& work = works.emplace_back();
    for (const std::size_t place : places) work.groups.push_back(runs[place].group);
    if (const groups::Group* group = instance.groups.find(work.groups.front()))
      work.directory = group->directories.front();
  }
  return works;
}

}  // namespace

Supervisor::Supervisor(net::Loop& loop, Parts parts)
    : loop_(loop),
      parts_(std::move(parts)),
      fleets_(loop, parts_.instance, parts_.owners, parts_.settings.settings()),
      lock_look_(loop, [this] { look_at_lock(); }) {
  for (std::size_t i = 0; i < parts_.listeners.size(); ++i) add_server(i);
}

void Supervisor::add_server(std::size_t number) {
  Child::Kind kind;
  kind.name = kind.program = "sluice-smtpd";
  kind.role = "smtp-server";
  kind.label = fmt::format("sluice-smtpd {}", number + 1);
  kind.patience = kServerPatience;
  Listeners& listeners = *parts_.listeners[number];
  kind.start = [this, &listeners] { return start_smtp_server(parts_.instance, listeners, parts_.owners); };
  kind.rest = [&listeners] { listeners.close(); };
  servers_.push_back(std::make_unique<Child>(loop_, std::move(kind), parts_.instance.restart));
}

void Supervisor::start() {
  os::adopt_orphans();
  loop_.on_signals({SIGCHLD, SIGTERM, SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2},
                   [this](int signo) { on_signal(signo); });
  if (parts_.form) parts_.form->begin();
  if (parts_.lock) {
    take_queues();
  } else {
    announce("another supervisor runs the queues; they are taken over when it has ended");
    lock_look_.set_after(kBetweenLockLooks);
  }
  if (servers_.empty() && !parts_.form) return;
  doors_.emplace(
      loop_, [this] { return !parts_.lock || fleets_.settled(); }, [this] { doors_are_open(); });
  if (parts_.form) parts_.form->stands();
}

void Supervisor::take_queues() {
  control_.emplace(loop_, std::move(parts_.control), link::Role::kSupervisor,
                   [this](const nlohmann::json& query, ipc::Asker asker) -> Result<ipc::Answers, std::string> {
                     if (asker != ipc::Asker::kOwner) return fail(std::string(ipc::kOwnerOnly));
                     return answer(query);
                   });
  fleets_.start();
}

void Supervisor::look_at_lock() {
  try {
    if (auto lock = lock_instance(parts_.instance)) {
      parts_.control = listen_for_control(parts_.instance);
      parts_.lock = std::move(*lock);
      announce("the other supervisor has ended: taking over the queues");
      if (parts_.form) parts_.form->take_pid_file();
      return take_queues();
    }
  } catch (const os::Fatal& trouble) {
    alert(fmt::format("cannot take over the queues: {}", trouble.what()));
  }
  lock_look_.set_after(kBetweenLockLooks);
}

void Supervisor::doors_are_open() {
  for (const auto& server : servers_) server->start();
  start_runs();
}

void Supervisor::start_runs() {
  if (!parts_.form) return;
  const auto& plan = parts_.form->plan();
  if (!plan.persistent && !plan.runs_by_timer()) return;
  const auto& groups = parts_.instance.run_groups;
  const auto runs = supervise::group_runs(plan, groups, parts_.instance.run_defaults,
                                          fmt::format("{}, pid {}", fmt::join(plan.command, " "), ::getpid()));
  if (!plan.persistent) {
    timed_runs_.emplace(loop_, parts_.instance.run_directory, groups, runs);
  } else if (!runners_) {
    runners_ = std::make_unique<Runners>(loop_, parts_.instance, parts_.owners, supervise::encode(plan), plan.restarts);
    runners_->start(works_of(parts_.instance, runs));
  }
}

void Supervisor::on_signal(int signo) {
  // First is read what those who ended had to say.
  if (signo == SIGCHLD) return loop_.at_turn_end([this] { reap(); });
  alert(fmt::format("pid {} got {}", ::getpid(), received_name(signo)));
  const bool ends = signo == SIGTERM || (signo == SIGINT && parts_.interactive);
  if (ends) again_ = false;  // also while it stops for a restart
  if (stopping_) return;
  if (ends) return stop();
  if (signo == SIGHUP) reload();
  if (!stopping_) forward(signo);
}

void Supervisor::reap() {
  while (const auto ended = os::reap_any()) {
    const auto server =
        std::find_if(servers_.begin(), servers_.end(), [&](const auto& child) { return child->pid() == ended->pid; });
    if (server != servers_.end())
      (*server)->ended(ended->status);
    else if (!(runners_ && runners_->ended(ended->pid, ended->status)) &&
             !(parts_.form && parts_.form->ended(ended->pid, ended->status)))
      fleets_.ended(ended->pid, ended->status);  // or it was an orphan of one of them
  }
}

void Supervisor::reload() {
  const auto reloaded = parts_.settings.reload();
  if (!reloaded) {
    for (const auto& problem : reloaded.error()) alert(problem.to_text());
    return alert("the settings stay as they were");
  }
  if (!reloaded->need_restart.empty())
    announce(fmt::format("changes of {} count after the next start", fmt::join(reloaded->need_restart, ", ")));
  fleets_.set_limits(parts_.settings.settings());
  parts_.instance.take_reloadable(parts_.settings.settings());
  if (parts_.form) restart_form(reloaded->need_restart);
}

// What HUP means to a daemon of sendmail's. As a rule the queues and servers go on with the settings that they read
// again, and only queue runs begin anew; where that is not enough, everything is stopped, and the command line
// executed anew.
void Supervisor::restart_form(const std::vector<std::string_view>& need_restart) {
  os::say("info", "sendmail", fmt::format("restarting {} due to signal", parts_.form->program()));
  parts_.form->reopen_log();
  if (!need_restart.empty() || parts_.form->is_outdated()) {
    again_ = true;
    return stop();
  }
  if (runners_) runners_->renew(SIGHUP);
  if (timed_runs_) start_runs();
}

void Supervisor::forward(int signo) {
  fleets_.forward(signo);
  if (signo != SIGHUP) return;
  for (const auto& server : servers_) server->forward(signo);
}

// First the door, then what is behind it: nothing new comes in while the queues finish. Runs end before both.
void Supervisor::stop() {
  stopping_ = true;
  lock_look_.cancel();
  timed_runs_.reset();
  if (doors_) doors_->give_up();
  if (!runners_) return stop_servers_and_queues();
  runners_->stop([this] { stop_servers_and_queues(); });
}

void Supervisor::stop_servers_and_queues() {
  stop_all(servers_, [this] {
    for (const auto& listeners : parts_.listeners) listeners->close();
    fleets_.stop([this] { stopped(); });
  });
}

void Supervisor::stop_all(Children& children, std::function<void()> then) {
  const auto left = std::make_shared<std::size_t>(children.size());
  if (*left == 0) return then();
  for (const auto& child : children)
    child->stop([left, then] {
      if (--*left == 0) then();
    });
}

void Supervisor::stopped() {
  if (control_) ::unlink(queue::supervisor_socket(parts_.instance.run_directory).c_str());
  control_.reset();
  if (parts_.form) parts_.form->end();
  os::say("info", kName, fmt::format("pid {} exiting", ::getpid()));
  loop_.stop();
}

std::optional<os::Program> Supervisor::successor() const {
  if (!again_) return std::nullopt;
  return parts_.form->again();
}

Result<ipc::Answers, std::string> Supervisor::answer(const nlohmann::json& query) {
  const auto what = query.value("what", nlohmann::json());
  if (what == "status") return status();
  if (what == "fleet") {
    std::vector<std::string> answers;
    for (const auto& group : fleets_.describe()) answers.push_back(text_of(group));
    return ipc::answer_list(std::move(answers));
  }
  if (what == "pause") return pause(query);
  return fail(std::string("the supervisor answers \"status\", \"fleet\" and \"pause\" only"));
}

ipc::Answers Supervisor::status() const {
  std::vector<std::string> answers;
  for (const auto& report : fleets_.reports()) answers.push_back(text_of(report));
  for (const auto& server : servers_) answers.push_back(text_of(server->report()));
  return ipc::answer_list(std::move(answers));
}

Result<ipc::Answers, std::string> Supervisor::pause(const nlohmann::json& query) {
  const auto number = query.find("queue"), on = query.find("on");
  if (number == query.end() || !number->is_number_unsigned() || on == query.end() || !on->is_boolean())
    return fail(std::string("\"pause\" needs the number of a \"queue\" and whether it is \"on\""));
  const auto queue = number->get<std::uint64_t>();
  if (queue >= queue::kQueueNumbers) return fail(fmt::format("there is no queue {} that is run", queue));
  if (const auto done = fleets_.pause(static_cast<unsigned>(queue), on->get<bool>()); !done) return fail(done.error());
  return ipc::answer_list({text_of({{"queue", queue}, {"paused", on->get<bool>()}})});
}

}  // namespace sluice::supervisor
