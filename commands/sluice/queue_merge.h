// Listings of several queues as one. Orders that can be told from a message itself (priority, time, filename) hold over
// all of them: each queue lists in order, and the first of those at the front comes next. The other orders hold within
// each queue, and queues follow one another by number. Needs no memory for what was passed on.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "core/schedule/priority.h"
#include "core/select/queue_run.h"
#include "queue_command.h"

namespace sluice::commands {

struct MergeOrder {
  std::optional<select::SortOrder> order{};
  schedule::PriorityFactors factors{};
};

// Where a message of a listing stands in the order, the least first; nothing if the order cannot be told from it.
std::optional<std::int64_t> place_in_order(Octets message, select::SortOrder order,
                                           const schedule::PriorityFactors& factors = {});

// Asks the queues and hands on the messages, `most` at most (0: all). What a queue says against it is said, and the
// others are listed.
void list_merged(Invocation& invocation, const std::vector<observe::Queue>& queues, const nlohmann::json& query,
                 const MergeOrder& order, std::uint64_t most, const std::function<void(Octets message)>& each);

}  // namespace sluice::commands
