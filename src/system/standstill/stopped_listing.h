// Lists the messages of a queue whose daemons do not run, as its qmail-send would: from the state log, and from the
// journal what was accepted since. Reads only, and takes no lock: daemons may start meanwhile.
#pragma once

#include <functional>
#include <string>

#include "core/schedule/priority.h"
#include "core/select/queue_run.h"
#include "system/store/disk.h"
#include "system/store/store.h"

namespace sluice::standstill {

struct ListingOrders {
  std::string directory, name;  // of the queue: "/var/lib/sluice/queue/queue1", "queue1"
  select::Selector selector{};
  select::SortOrder order = select::SortOrder::kPriority;
  std::uint64_t most = 0;  // messages; 0: all
  schedule::PriorityFactors factors{};
};

// A JSON text; false: no more is wanted.
using TakeAnswer = std::function<bool(const std::string& json)>;

// The answers of the control socket to the query "queue" (docs/formats.md), the count first. No recipient has a reason
// or a next time, and what was accepted last has no channels yet. A torn tail is the end of what was accepted.
//   errors  the queue cannot be read, and nothing was answered; or not all of it can, and what can was answered
Result<void, store::Trouble> list_stopped(const ListingOrders& orders, store::Disk& disk, WallTime now,
                                          const TakeAnswer& take);

}  // namespace sluice::standstill
