#include "queue_start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "announce.h"
#include "system/layout/repair.h"
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
  return std::nullopt;
}

Result<pid_t, StartTrouble> start_queue(const Instance& instance, const supervise::QueueSpec& queue,
                                        const layout::Owners& owners) {
  if (auto trouble = prepare_queue(queue.directory, instance.shape, owners)) return fail(StartTrouble{*trouble});
  switch (probe_mutex(queue.directory)) {
    case Mutex::kFree:
      break;
    case Mutex::kHeld:
      return fail(StartTrouble{"another qmail-send is running", true});
    case Mutex::kUnusable:
      return fail(StartTrouble{fmt::format("cannot start: unable to open {}/{}: {}", queue.directory, queue::kSendMutex,
                                           std::strerror(errno))});
  }
  os::Program program;
  program.path = instance.binaries + "/qmail-start";
  program.arguments = {"qmail-start", "-s", "--", instance.default_delivery};
  program.arguments.insert(program.arguments.end(), instance.logger.begin(), instance.logger.end());
  program.environment = queue_environment(os::Environment::current(), instance, queue);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto pid = os::spawn(program);
  if (!pid) return fail(StartTrouble{pid.error().what});
  return *pid;
}

}  // namespace sluice::supervisor
