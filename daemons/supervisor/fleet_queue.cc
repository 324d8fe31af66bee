#include "fleet_queue.h"

#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "queue_start.h"
#include "system/ipc/queue_objects.h"
#include "system/net/socket.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kQueuePatience{30'000};  // deliveries under way end or are queued again
constexpr Duration kBetweenLooks{10}, kBetweenLateLooks{250};
constexpr Duration kOpensSoon{5'000};   // after its start; from then on the door is looked at seldom
constexpr Duration kOpensLate{30'000};  // from then on it is trouble

bool accepts(const std::string& socket) {
  const auto connected = net::connect_path(socket, /*wait=*/false);
  return connected || connected.error().code == EAGAIN;  // its backlog is full: it is only busy
}

}  // namespace

FleetQueue::FleetQueue(net::Loop& loop, const Instance& instance, const layout::Owners& owners,
                       supervise::QueueSpec spec, const Duration& error_interval, Events events)
    : loop_(loop),
      instance_(instance),
      owners_(owners),
      spec_(std::move(spec)),
      error_interval_(error_interval),
      name_(std::filesystem::path(spec_.directory).filename().string()),
      intake_(queue::intake_socket(instance.run_directory, name_)),
      events_(std::move(events)),
      link_(loop, instance, spec_, owners,
            {.on_report = [this](const link::QueueReport& report) { events_.on_report(report); },
             .on_drained =
                 [this] {
                   drained_ = true;
                   events_.on_empty(child_.pid());
                 }}),
      child_(loop, kind(), instance.restart),
      door_(loop, [this] { look_at_door(); }),
      objects_(loop, [this] { make_objects(); }) {}

Child::Kind FleetQueue::kind() {
  Child::Kind kind;
  kind.name = name_;
  kind.role = "queue";
  kind.program = "qmail-send";
  kind.label = "queue " + spec_.directory;
  kind.queue_directory = spec_.directory;
  kind.patience = kQueuePatience;
  kind.start = [this] { return start_processes(); };
  kind.finished = [this](int status) { return finished(status); };
  kind.on_finished = [this] { retired(); };
  return kind;
}

void FleetQueue::start() { child_.start(); }

Result<pid_t, StartTrouble> FleetQueue::start_processes() {
  ready_ = drained_ = false;
  door_.cancel();
  if (instance_.dynamic) make_objects();
  auto pid = link_.start();
  if (!pid) return pid;
  last_pid_ = *pid;
  started_ = loop_.now();
  events_.on_start();
  if (!draining()) door_.set_after(kBetweenLooks);
  return pid;
}

// Without them the queue works, but programs of other families may not find it.
void FleetQueue::make_objects() {
  const auto notes = ipc::make_queue_objects(instance_.ipc_prefix, name_, instance_.hints, owners_);
  if (!notes) {
    if (complaint_ != notes.error()) alert(complaint_ = notes.error());
    return objects_.set_after(error_interval_);
  }
  complaint_.clear();
  for (const std::string& line : notes->lines) events_.on_note(line);
}

void FleetQueue::look_at_door() {
  if (draining() || !child_.running()) return;
  if (!accepts(intake_))
    return door_.set_after(loop_.now() - started_ < kOpensSoon ? kBetweenLooks : kBetweenLateLooks);
  ready_ = true;
  events_.on_ready();
}

void FleetQueue::drain() {
  ready_ = false;
  door_.cancel();
  link_.drain(true);
}

void FleetQueue::take_back() {
  link_.drain(false);
  started_ = loop_.now();
  door_.set_after(kBetweenLooks);
}

// Whoever has said that it drained, and ends well, has nothing left; somebody's TERM ends one well too, with all its
// mail. One whose drain was taken back too late is started again.
bool FleetQueue::finished(int status) {
  ready_ = false;
  return draining() && drained_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void FleetQueue::retired() {
  if (!draining()) return child_.start();  // taken back while the last of it ended
  objects_.cancel();
  if (instance_.dynamic) ipc::remove_queue_objects(instance_.ipc_prefix, name_);
  events_.on_retired(last_pid_);
}

void FleetQueue::stop(std::function<void()> on_stopped) {
  door_.cancel();
  objects_.cancel();
  link_.stop();
  child_.stop([this, on_stopped = std::move(on_stopped)] {
    if (instance_.dynamic) ipc::remove_queue_objects(instance_.ipc_prefix, name_);
    on_stopped();
  });
}

bool FleetQueue::ended(pid_t pid, int status) {
  if (pid != child_.pid()) return link_.ended(pid, status);
  child_.ended(status);
  return true;
}

bool FleetQueue::in_trouble() const {
  return child_.in_trouble() || (!draining() && child_.running() && !ready_ && loop_.now() - started_ >= kOpensLate);
}

supervise::PlaceState FleetQueue::state() const {
  using enum supervise::PlaceState;
  if (draining()) return kDraining;
  if (in_trouble()) return kUnusable;
  if (link_.paused()) return kPaused;
  return ready_ ? kWorking : kStarting;
}

nlohmann::json FleetQueue::report() const {
  nlohmann::json json = child_.report();
  link_.describe(json);
  json["number"] = spec_.number;
  json["ready"] = ready_;
  if (child_.running() && draining())
    json["state"] = "draining";
  else if (child_.running() && link_.paused())
    json["state"] = "paused";
  if (child_.running() && !draining() && !ready_ && in_trouble()) json["trouble"] = "its intake takes no mail";
  if (!complaint_.empty() && !json.contains("trouble")) json["trouble"] = complaint_;
  if (link_.report()) json["messages"] = link_.report()->messages;
  return json;
}

}  // namespace sluice::supervisor
