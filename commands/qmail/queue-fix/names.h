// The second half of a repair: numbers and places of messages, and strays (system/standstill/numbering.h). Only for a
// queue that stands still.
#pragma once

#include <functional>
#include <string>

#include "core/queue/layout.h"
#include "system/standstill/numbering.h"

namespace sluice::queue_fix {

struct NamesOrders {
  queue::QueueShape shape;
  std::function<bool(standstill::Change, const std::string& text)> approve;
  std::function<void(const std::string& complaint)> complain;
};

struct NamesDone {
  standstill::Numbered numbered;
  bool in_use = false;  // the queue runs: nothing was looked at
};

NamesDone fix_names(const std::string& queue, const NamesOrders& orders);

}  // namespace sluice::queue_fix
