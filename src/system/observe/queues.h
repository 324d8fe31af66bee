// The queues of an instance as one who looks from outside meets them.
#pragma once

#include <string>
#include <vector>

#include "core/settings/settings.h"

namespace sluice::observe {

struct Queue {
  unsigned number = 0;          // the N of queueN
  std::string name;             // "queueN"
  std::string directory;        // queue_base/[GROUP/]queueN
  std::string control;          // the control socket of its qmail-send
  bool expected = true;         // to be served; false: of a dynamic number, and not offered any more
  std::string group{"mqueue"};  // the queue group that it belongs to (core/route/queue_groups.h)
};

// Of all queue groups, by group and number: those that the settings say are run, and every other one whose directory
// exists, because mail may lie in it; of the default group only those from queue_start on.
std::vector<Queue> queues_of(const settings::Settings& settings);

// Nobody serves it, and that is how it should be: it was empty when it was given up.
bool is_retired(const Queue& queue);

}  // namespace sluice::observe
