// The daemons of one queue as programs that are ready to start: who they are, as whom, where, and with which neighbours
// on which descriptors (core/link/descriptors.h). Nothing is started here. This is the one place that knows: a daemon
// that is started again alone comes from here too.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/supervise/start_options.h"
#include "system/layout/owners.h"
#include "system/os/fd.h"
#include "system/os/process.h"

namespace sluice::queue_start {

struct Queue {
  std::string directory;    // absolute
  std::string binaries;     // where the daemons are
  std::string search_path;  // for the logger
  std::string default_delivery;
  std::vector<std::string> logger;  // empty: the activity log goes to `output`
  bool dynamic = false;             // -d
  bool compatible = false;          // -c
  os::Environment environment;
};

// The links between the daemons. Each pair's ends are owned here and close with it: a daemon that is started holds its
// own copies.
struct Links {
  using Pair = std::pair<os::Fd, os::Fd>;  // first: the scheduler's end (of todo_intake: todo-proc's)
  Pair local, remote, clean, todo, intake, todo_intake;
  Pair log;           // a pipe: first its writing end; empty without a logger
  os::Fd supervisor;  // qmail-send's end of its link to qscheduler; empty without one
  os::Fd null;
  // Throws os::Fatal.
  static Links make(bool with_logger, const layout::Owners& owners);
};

struct QueuePrograms {
  std::optional<os::Program> logger;    // starts first
  std::vector<os::Program> neighbours;  // in the order of their start
  os::Program scheduler;
};

// One neighbour of a qmail-send that runs, or its logger ("logger"). Its links are on our descriptors where it shall
// find them.
//   errors  nothing: there is no neighbour of this name
// Throws os::Fatal when the program is missing.
std::optional<os::Program> single_neighbour(const Queue& queue, const std::string& name, const layout::Owners& owners);

// Throws os::Fatal when a program is missing.
QueuePrograms queue_programs(const Queue& queue, const Links& links, const layout::Owners& owners);

}  // namespace sluice::queue_start
