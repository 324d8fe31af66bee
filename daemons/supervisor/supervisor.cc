#include "supervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kServerPatience{10'000};  // sessions finish the message that they are in
constexpr Duration kQueuePatience{30'000};   // deliveries under way end or are queued again

// How qscheduler's alerts call a signal that it got.
std::string_view received_name(int signo) {
  if (signo == SIGALRM) return "ALARM";
  return signal_name(signo).substr(3);
}

}  // namespace

Supervisor::Supervisor(net::Loop& loop, Parts parts) : loop_(loop), parts_(std::move(parts)) {
  for (const auto& queue : parts_.instance.queues) add_queue(queue);
  for (std::size_t i = 0; i < parts_.listeners.size(); ++i) add_server(i);
}

void Supervisor::add_queue(const supervise::QueueSpec& queue) {
  Child::Kind kind;
  kind.name = std::filesystem::path(queue.directory).filename();
  kind.role = "queue";
  kind.program = "qmail-send";
  kind.label = "queue " + queue.directory;
  kind.queue_directory = queue.directory;
  kind.patience = kQueuePatience;
  links_.push_back(std::make_unique<QueueLink>(loop_, parts_.instance, queue, parts_.owners, QueueLink::Callbacks{}));
  kind.start = [link = links_.back().get()] { return link->start(); };
  queues_.push_back(std::make_unique<Child>(loop_, std::move(kind), parts_.instance.restart));
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
  control_.emplace(loop_, std::move(parts_.control), link::Role::kSupervisor,
                   [this](const nlohmann::json& query, ipc::Asker asker) -> Result<ipc::Answers, std::string> {
                     if (asker != ipc::Asker::kOwner) return fail(std::string(ipc::kOwnerOnly));
                     return answer(query);
                   });
  const Instance& instance = parts_.instance;
  announce(fmt::format("pid {} static queues qStart/qCount {}/{} conf split={}", ::getpid(), instance.queue_start,
                       instance.queues.size(), instance.shape.split));
  for (const auto& queue : queues_) queue->start();
  if (servers_.empty()) return;
  std::vector<std::string> intakes;
  for (const auto& queue : instance.queues)
    intakes.push_back(
        queue::intake_socket(instance.run_directory, std::filesystem::path(queue.directory).filename().string()));
  doors_.emplace(loop_, std::move(intakes), [this] {
    for (const auto& server : servers_) server->start();
  });
}

void Supervisor::on_signal(int signo) {
  if (signo == SIGCHLD) return reap();
  alert(fmt::format("pid {} got {}", ::getpid(), received_name(signo)));
  if (stopping_) return;
  if (signo == SIGTERM || (signo == SIGINT && parts_.interactive)) return stop();
  if (signo == SIGHUP) reload();
  forward(signo);
}

void Supervisor::reap() {
  while (const auto ended = os::reap_any()) {
    if (Child* const child = find(ended->pid)) child->ended(ended->status);
    for (const auto& link : links_) link->ended(ended->pid, ended->status);
  }
}

Child* Supervisor::find(pid_t pid) {
  for (const Children* children : {&queues_, &servers_})
    for (const auto& child : *children)
      if (child->pid() == pid) return child.get();
  return nullptr;  // an orphan of one of them
}

void Supervisor::reload() {
  const auto reloaded = parts_.settings.reload();
  if (!reloaded) {
    for (const auto& problem : reloaded.error()) alert(problem.to_text());
    return alert("the settings stay as they were");
  }
  if (!reloaded->need_restart.empty())
    announce(fmt::format("changes of {} count after the next start", fmt::join(reloaded->need_restart, ", ")));
}

void Supervisor::forward(int signo) {
  for (const auto& queue : queues_) queue->forward(signo);
  if (signo != SIGHUP) return;
  for (const auto& server : servers_) server->forward(signo);
}

// First the door, then what is behind it: nothing new comes in while the queues finish.
void Supervisor::stop() {
  stopping_ = true;
  for (const auto& link : links_) link->stop();
  if (doors_) doors_->give_up();
  stop_all(servers_, [this] {
    for (const auto& listeners : parts_.listeners) listeners->close();
    stop_all(queues_, [this] { stopped(); });
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
  control_.reset();
  ::unlink(queue::supervisor_socket(parts_.instance.run_directory).c_str());
  os::say("info", kName, fmt::format("pid {} exiting", ::getpid()));
  loop_.stop();
}

Result<ipc::Answers, std::string> Supervisor::answer(const nlohmann::json& query) const {
  if (query.value("what", nlohmann::json()) != "status")
    return fail(std::string("the supervisor answers \"status\" only"));
  std::vector<std::string> answers;
  const auto add = [&answers](const nlohmann::json& report) {
    answers.push_back(report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  };
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    nlohmann::json report = queues_[i]->report();
    links_[i]->describe(report);
    add(report);
  }
  for (const auto& server : servers_) add(server->report());
  return ipc::answer_list(std::move(answers));
}

}  // namespace sluice::supervisor
