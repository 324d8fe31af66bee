// queue-fix --export: writes what a stopped queue holds as a plain queue of qmail's kind, which the original qmail-send
// can go on with.
#pragma once

#include <string>

#include "core/queue/layout.h"
#include "system/config/load.h"
#include "system/layout/owners.h"

namespace sluice::queue_fix {

struct ExportOrders {
  std::string from, to;     // directories of queues; `to` must be empty or missing
  queue::QueueShape shape;  // of `to`
  bool verbose = false;     // name each message of which something is lost
  bool trash = false;       // a trash directory too
};

// Throws os::Fatal (111). The source is not changed. What cannot be said in such a queue is named on standard error.
// Returns the number of messages.
std::size_t export_queue(const ExportOrders& orders, const config::Settings& settings, const layout::Owners& owners);

}  // namespace sluice::queue_fix
