// NeighbourStarts: starts single daemons of a running queue again, when its qmail-send says that it has lost them. The
// old process is gone before the new one starts (there is one writer of the journal): it gets a moment to end by
// itself, then it is killed. todo-proc and qmail-intake are one case, because they hold a link between them. Each new
// daemon is made by qmail-start --only, as a member of the queue's process group. One that keeps dying waits as
// core/supervise/restart_policy.h says; the queue works without it meanwhile. The logger that reads the activity record
// is one of them, where there is one.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/link/supervision.h"
#include "core/supervise/queue_set.h"
#include "core/supervise/restart_policy.h"
#include "instance.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

class NeighbourStarts {
 public:
  // qmail-send's end of the link to a daemon that was started; of the logger the writing end of its pipe.
  using Give = std::function<void(link::Role, os::Fd)>;

  NeighbourStarts(net::Loop& loop, const Instance& instance, const supervise::QueueSpec& queue,
                  const layout::Owners& owners, Give give);
  ~NeighbourStarts();

  // The queue runs, as this process group; its neighbours are those that came with it.
  void queue_started(pid_t group);
  // It ends: nothing is started any more.
  void queue_ended();

  // Of the running queue. Roles that are no neighbours are ignored.
  void lost(const link::NeighbourLost& loss);
  // False: not one of ours.
  bool ended(pid_t pid, int status);

  // One object for each daemon that was started again: name, state, pid, restarts, trouble.
  nlohmann::json report() const;

 private:
  struct Group;  // daemons that are started together
  net::Loop& loop_;
  const Instance& instance_;
  const supervise::QueueSpec& queue_;
  const layout::Owners& owners_;
  Give give_;
  pid_t process_group_ = 0;
  std::vector<std::unique_ptr<Group>> groups_;

  Group* group_of(link::Role role);
  void await_end(Group& group);
  void go_on(Group& group);
  void start(Group& group);
};

}  // namespace sluice::supervisor
