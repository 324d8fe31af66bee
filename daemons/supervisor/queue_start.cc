#include "queue_start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "announce.h"
#include "core/link/descriptors.h"
#include "system/layout/repair.h"
#include "system/net/socket.h"
#include "system/os/failure.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

Mutex probe_mutex(const std::string& queue_directory) {
  const std::string path = queue_directory + '/' + queue::kSendMutex;
  const os::Fd mutex(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!mutex) return Mutex::kUnusable;
  if (::flock(mutex.get(), LOCK_EX | LOCK_NB) == 0) return Mutex::kFree;  // given back as it is closed
  return errno == EWOULDBLOCK ? Mutex::kHeld : Mutex::kUnusable;
}

std::optional<std::string> prepare_queue(const std::string& queue_directory, const queue::QueueShape& shape,
                                         const layout::Owners& owners) {
  const bool is_new = ::access(queue_directory.c_str(), F_OK) != 0 && errno == ENOENT;
  if (is_new) announce_as("queue-fix", fmt::format("conf split={}, queuedir={}", shape.split, queue_directory));
  std::string complaint, foreign;
  layout::Orders orders;
  orders.approve = [&](const layout::Finding& finding) {
    if (finding.flaw == layout::Flaw::kOwner && foreign.empty()) foreign = finding.path;
    if (finding.flaw == layout::Flaw::kMode) announce(finding.text);
    return finding.flaw != layout::Flaw::kOwner;
  };
  orders.complain = [&](std::string_view text) {
    if (complaint.empty()) complaint = text;
  };
  const auto tally = layout::repair(queue_directory, queue::queue_places(shape), owners, orders);
  if (tally.failed > 0) return complaint;
  if (!foreign.empty())
    return fmt::format("[{}] belongs to the wrong user or group; repair it with: queue-fix {}", foreign,
                       queue_directory);
  if (is_new) announce("queue-fix: queue OK " + queue_directory);
  return std::nullopt;
}

namespace {

using Pair = std::pair<os::Fd, os::Fd>;

// qmail-start as everything of a queue is started with it.
os::Program queue_program(const Instance& instance, const supervise::QueueSpec& queue) {
  os::Program program;
  program.path = instance.binaries + "/qmail-start";
  program.arguments = {"qmail-start"};
  program.environment = queue_environment(os::Environment::current(), instance, queue);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
  program.nice = nice_of(instance, queue.number);
  return program;
}

Result<pid_t, StartTrouble> spawned(const os::Program& program) {
  const auto pid = os::spawn(program);
  if (!pid) return fail(StartTrouble{pid.error().what});
  return *pid;
}

// First the end that qmail-send gets. It is made as its user: so qmail-intake knows whose messages come by it.
Result<Pair, StartTrouble> pair_for(const layout::Owners& owners, link::Role role) {
  if (role == link::Role::kLogger) {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) return fail(StartTrouble{os::with_errno("cannot make a pipe")});
    return Pair{os::Fd(both[1]), os::Fd(both[0])};
  }
  std::optional<unsigned> maker;
  if (role == link::Role::kIntake && owners.partitioned()) maker = owners.uid(queue::User::kScheduler);
  auto pair = net::socket_pair_of(maker);
  if (!pair) return fail(StartTrouble{pair.error().what});
  return std::move(*pair);
}

}  // namespace

Result<StartedQueue, StartTrouble> start_queue(const Instance& instance, const supervise::QueueSpec& queue,
                                               const layout::Owners& owners) {
  if (auto trouble = prepare_queue(queue.directory, instance.shape, owners)) return fail(StartTrouble{*trouble});
  switch (probe_mutex(queue.directory)) {
    case Mutex::kFree:
      break;
    case Mutex::kHeld:
      return fail(StartTrouble{fmt::format("qmail-send with queue {} is already running", queue.directory), true});
    case Mutex::kUnusable:
      return fail(StartTrouble{fmt::format("cannot start: unable to open {}/{}: {}", queue.directory, queue::kSendMutex,
                                           std::strerror(errno))});
  }
  auto link = pair_for(owners, link::Role::kSupervisor);
  if (!link) return fail(std::move(link.error()));
  os::Program program = queue_program(instance, queue);
  program.arguments.insert(program.arguments.end(), {mode_option(instance), "--", instance.default_delivery});
  program.arguments.insert(program.arguments.end(), instance.logger.begin(), instance.logger.end());
  program.descriptors.emplace_back(link->second.get(), link::kToSupervisor);
  program.environment.set(link::kSupervisorLink, std::to_string(link::kToSupervisor));
  program.held_signals = {SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2};  // are for qmail-send, which it is not yet
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto pid = spawned(program);
  if (!pid) return fail(pid.error());
  return StartedQueue{*pid, std::move(link->first)};
}

Result<std::vector<StartedNeighbour>, StartTrouble> start_neighbours(const Instance& instance,
                                                                     const supervise::QueueSpec& queue,
                                                                     const layout::Owners& owners, pid_t process_group,
                                                                     const std::vector<link::Role>& roles) {
  Pair between;
  if (roles.size() > 1) {
    auto pair = net::socket_pair();
    if (!pair) return fail(StartTrouble{pair.error().what});
    between = std::move(*pair);
  }
  const os::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::vector<StartedNeighbour> started;
  for (const link::Role role : roles) {
    auto link = pair_for(owners, role);
    if (!link) return fail(std::move(link.error()));
    os::Program program = queue_program(instance, queue);
    program.arguments.insert(program.arguments.end(), {"--only", std::string(link::name_of(role)),
                                                       mode_option(instance), "--", instance.default_delivery});
    const bool is_logger = role == link::Role::kLogger;
    if (is_logger) program.arguments.insert(program.arguments.end(), instance.logger.begin(), instance.logger.end());
    const int output = is_logger ? STDOUT_FILENO : null ? null.get() : STDIN_FILENO;
    program.descriptors = {
        {link->second.get(), link::kToScheduler}, {output, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    if (roles.size() > 1)
      program.descriptors.emplace_back(started.empty() ? between.first.get() : between.second.get(), link::kTodoIntake);
    program.join_group = process_group;
    const auto pid = spawned(program);
    if (!pid) return fail(pid.error());  // those before it end: their links close with us
    started.push_back({*pid, std::move(link->first)});
  }
  return started;
}

}  // namespace sluice::supervisor
