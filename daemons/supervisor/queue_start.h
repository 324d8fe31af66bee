// Starting one queue: its directories are there, nobody else runs it, qmail-start is executed. And single daemons of a
// queue that runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "child.h"
#include "core/link/messages.h"
#include "instance.h"
#include "system/layout/owners.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

enum class Mutex { kFree, kHeld, kUnusable };

// Whether some qmail-send holds lock/sendmutex of the queue at this moment.
Mutex probe_mutex(const std::string& queue_directory);

// Makes what is missing of the queue's directories and sets their modes right; owners are queue-fix's affair, because
// the files below would have to follow. Nothing: the queue can be started; else why not.
std::optional<std::string> prepare_queue(const std::string& queue_directory, const queue::QueueShape& shape,
                                         const layout::Owners& owners);

struct StartedQueue {
  pid_t pid = 0;  // of qmail-start, which becomes qmail-send; leader of a process group
  os::Fd link;    // to it
};
Result<StartedQueue, StartTrouble> start_queue(const Instance& instance, const supervise::QueueSpec& queue,
                                               const layout::Owners& owners);

// Neighbours of a running qmail-send, in the order of `roles`, as members of the queue's process group: one, or
// todo-proc and qmail-intake with a link between them. All or none.
struct StartedNeighbour {
  pid_t pid = 0;
  os::Fd scheduler_end;  // of its link to qmail-send; of a logger's pipe the writing end
};
Result<std::vector<StartedNeighbour>, StartTrouble> start_neighbours(const Instance& instance,
                                                                     const supervise::QueueSpec& queue,
                                                                     const layout::Owners& owners, pid_t process_group,
                                                                     const std::vector<link::Role>& roles);

}  // namespace sluice::supervisor
