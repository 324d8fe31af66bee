#include "queue_programs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "core/link/descriptors.h"
#include "core/link/messages.h"
#include "core/supervise/extra_groups.h"
#include "system/net/socket.h"
#include "system/os/failure.h"
#include "system/os/users.h"

namespace sluice::queue_start {

namespace {

using queue::Group;
using queue::User;

constexpr mode_t kFileMask = 077;

Links::Pair make_pair_of_sockets() {
  auto pair = net::socket_pair();
  if (!pair) throw os::Fatal(111, pair.error().what);
  return std::move(*pair);
}

// A socket tells its peer who made it. What qmail-send submits is to be known as its own, not as root's.
Links::Pair make_pair_of_sockets_as(const std::optional<os::Identity>& identity) {
  auto pair = net::socket_pair_of(identity ? std::optional<unsigned>(identity->uid) : std::nullopt);
  if (!pair) throw os::Fatal(111, pair.error().what);
  return std::move(*pair);
}

// A user of the queue with the supplementary groups that USE_SETGROUPS leaves him.
std::optional<os::Identity> user_with_groups(const Queue& queue, const layout::Owners& owners, User user, Group group) {
  auto identity = owners.identity(user, group);
  const std::string name(name_of(user));
  if (!identity || !supervise::keeps_groups(queue.environment.find("USE_SETGROUPS").value_or(""), name))
    return identity;
  identity->groups = os::groups_of(name, identity->gid);
  if (identity->groups.size() < 2)
    os::say("warn", "qmail-start", fmt::format("USE_SETGROUPS: user {} has no supplementary groups", name));
  return identity;
}

// What all daemons of a queue have in common.
os::Program daemon(const Queue& queue, const char* name, std::vector<std::string> arguments,
                   std::optional<os::Identity> identity) {
  os::Program program;
  program.path = queue.binaries + '/' + name;
  if (::access(program.path.c_str(), X_OK) != 0) throw os::Fatal(111, os::with_errno("cannot execute " + program.path));
  program.arguments = std::move(arguments);
  program.arguments.insert(program.arguments.begin(), name);
  program.arguments.push_back(queue.directory);  // for ps; programs read $QUEUEDIR
  program.environment = queue.environment;
  program.directory = queue.directory;
  program.file_mask = kFileMask;
  program.identity = identity;
  return program;
}

// The neighbours of qmail-send: each one's program with all but its descriptors.
std::vector<os::Program> neighbours_of(const Queue& queue, const layout::Owners& owners) {
  const auto of_scheduler = owners.identity(User::kScheduler, Group::kQmail);
  const auto of_queue = user_with_groups(queue, owners, User::kQueue, Group::kQmail);
  const auto of_remote = user_with_groups(queue, owners, User::kRemote, Group::kQmail);
  std::vector<std::string> mode = {queue.dynamic ? "-d" : "-s"};
  if (queue.compatible) mode.insert(mode.begin(), "-c");
  return {daemon(queue, "qmail-lspawn", {queue.default_delivery}, owners.identity(User::kRoot, Group::kQmail)),
          daemon(queue, "qmail-rspawn", {}, of_remote), daemon(queue, "qmail-clean", {}, of_queue),
          daemon(queue, "todo-proc", std::move(mode), of_scheduler), daemon(queue, "qmail-intake", {}, of_queue)};
}

bool has_second_link(const os::Program& program) {
  return program.arguments.front() == "todo-proc" || program.arguments.front() == "qmail-intake";
}

os::Program logger(const Queue& queue, int record, const layout::Owners& owners) {
  os::Program program;
  program.path = os::find_program(queue.logger.front(), queue.search_path);
  if (program.path.empty()) throw os::Fatal(111, fmt::format("cannot find the logger {}", queue.logger.front()));
  program.arguments = queue.logger;
  program.environment = queue.environment;
  program.descriptors = {{record, STDIN_FILENO}, {STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  program.directory = "/";
  program.file_mask = kFileMask;
  program.identity = user_with_groups(queue, owners, User::kLogger, Group::kNofiles);
  return program;
}

}  // namespace

Links Links::make(bool with_logger, const layout::Owners& owners) {
  Links links;
  for (Pair* pair : {&links.local, &links.remote, &links.clean, &links.todo, &links.todo_intake})
    *pair = make_pair_of_sockets();
  links.intake = make_pair_of_sockets_as(owners.identity(User::kScheduler, Group::kQmail));
  if (with_logger) {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) throw os::Fatal(111, os::with_errno("cannot make a pipe"));
    links.log = {os::Fd(both[1]), os::Fd(both[0])};
  }
  links.null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!links.null) throw os::Fatal(111, os::with_errno("cannot open /dev/null"));
  return links;
}

std::optional<os::Program> single_neighbour(const Queue& queue, const std::string& name, const layout::Owners& owners) {
  if (name == link::name_of(link::Role::kLogger) && !queue.logger.empty()) return logger(queue, STDIN_FILENO, owners);
  for (os::Program& program : neighbours_of(queue, owners)) {
    if (program.arguments.front() != name) continue;
    program.descriptors = {
        {link::kToScheduler, link::kToScheduler}, {STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    if (has_second_link(program)) program.descriptors.emplace_back(link::kTodoIntake, link::kTodoIntake);
    return std::move(program);
  }
  return std::nullopt;
}

QueuePrograms queue_programs(const Queue& queue, const Links& links, const layout::Owners& owners) {
  QueuePrograms programs;
  auto& neighbours = programs.neighbours;
  if (!queue.logger.empty()) programs.logger = logger(queue, links.log.second.get(), owners);
  const os::Fd* const to_scheduler[] = {&links.local.second, &links.remote.second, &links.clean.second,
                                        &links.todo.second, &links.intake.second};
  const os::Fd* between = &links.todo_intake.first;
  const os::Fd* const* end = to_scheduler;
  for (os::Program& program : neighbours_of(queue, owners)) {
    program.descriptors = {
        {(*end++)->get(), link::kToScheduler}, {links.null.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    if (has_second_link(program))
      program.descriptors.emplace_back(std::exchange(between, &links.todo_intake.second)->get(), link::kTodoIntake);
    neighbours.push_back(std::move(program));
  }

  os::Program& scheduler = programs.scheduler;
  scheduler = daemon(queue, "qmail-send", {queue.dynamic ? "-d" : "-s"},
                     user_with_groups(queue, owners, User::kScheduler, Group::kQmail));
  // The supervisor may pass these on before qmail-send listens to them, and after it has read its settings.
  scheduler.held_signals = {SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2};
  scheduler.descriptors = {{links.log.first ? links.log.first.get() : STDOUT_FILENO, link::kActivityLog},
                           {links.null.get(), STDOUT_FILENO},
                           {STDERR_FILENO, STDERR_FILENO},
                           {links.local.first.get(), link::kToLocalDelivery},
                           {links.remote.first.get(), link::kToRemoteDelivery},
                           {links.clean.first.get(), link::kToClean},
                           {links.todo.first.get(), link::kToTodo},
                           {links.intake.first.get(), link::kToIntake}};
  if (links.supervisor) {
    scheduler.descriptors.emplace_back(links.supervisor.get(), link::kToSupervisor);
    scheduler.environment.set(link::kSupervisorLink, std::to_string(link::kToSupervisor));
  }
  return programs;
}

}  // namespace sluice::queue_start
