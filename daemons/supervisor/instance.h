// Instance: what the supervisor needs to know of the instance that it runs, taken from the settings once, and the
// environment that its daemons get.
#pragma once

#include <string>
#include <vector>

#include "core/queue/layout.h"
#include "core/settings/settings.h"
#include "core/supervise/group_runs.h"
#include "core/supervise/queue_set.h"
#include "core/supervise/restart_policy.h"
#include "core/supervise/start_options.h"
#include "system/groups/groups.h"
#include "system/ipc/message_queue.h"
#include "system/os/environment.h"

namespace sluice::supervisor {

struct Instance {
  explicit Instance(const settings::Settings& settings) : groups(settings, groups::Groups::Asker::kStarter) {}

  std::string home, control_directory, run_directory, queue_base;
  std::string binaries;     // where the daemons are
  groups::Groups groups;    // of queues, the default group first
  bool dynamic = false;     // -d: their number follows the load
  bool compatible = false;  // -c: todo-proc serves lock/trigger as well
  bool keep_count = false;  // -n
  std::string ipc_prefix;
  ipc::QueueLimits hints;  // of the message queue of each queue
  queue::QueueShape shape;
  std::string default_delivery;
  std::vector<std::string> logger;
  std::vector<std::string> smtp_listen;  // ADDRESS:PORT; empty: no SMTP server
  unsigned smtp_processes = 1;
  supervise::RestartLimits restart;
  std::vector<route::QueueGroup> run_groups;  // all groups of queues, for queue runs that are started here
  supervise::RunDefaults run_defaults;        // what counts where a group says nothing
  std::uint32_t most_children = 0;            // of persistent runners: which groups share one
  bool runs_restricted = false;               // only root and qmail-send's own user may start queue runs
  int nice = 0;                               // of the queues of groups that say nothing

  // What of it may change while we run: how queue runs are made, and who may start them.
  void take_reloadable(const settings::Settings& settings);
};

// Throws os::Fatal when the queue numbers cannot be.
Instance instance_of(const settings::Settings& settings, const supervise::StartOptions& options,
                     const std::string& binaries);

// What is added to our own nice value for the daemons of this queue.
int nice_of(const Instance& instance, unsigned number);

// What qmail-start is told of the mode: -s, -d or -cd.
std::string mode_option(const Instance& instance);

// The environment of qmail-start for one queue: QUEUEDIR, QIDENT and what all programs of the instance must agree on.
os::Environment queue_environment(os::Environment inherited, const Instance& instance,
                                  const supervise::QueueSpec& queue);
// The environment of sluice-smtpd with so many listening sockets.
os::Environment server_environment(os::Environment inherited, const Instance& instance, std::size_t listeners);

}  // namespace sluice::supervisor
