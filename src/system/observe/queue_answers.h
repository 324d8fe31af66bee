// What the qmail-send of a queue answers on its control socket, as values. Each call waits for the answer, as long as
// `patience` between two signs of life. Members of an answer that are missing or of another kind count as nothing: the
// daemon may be older or newer than the program that asks.
//
// Errors are sentences: nobody listens, the daemon does not answer this user, nothing came in time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/monitor/listing.h"
#include "core/monitor/snapshot.h"
#include "system/observe/queues.h"

namespace sluice::observe {

// Its figures; state, offered and disabled are left as they are in a new value.
Result<monitor::QueueFigures, std::string> ask_figures(const Queue& queue, Duration patience);

// At most `most` lanes, the busiest first.
Result<std::vector<monitor::LaneFigures>, std::string> ask_lanes(const Queue& queue, std::size_t most,
                                                                 Duration patience);

// Every message, oldest first, one at a time.
Result<void, std::string> ask_messages(const Queue& queue,
                                       const std::function<void(const monitor::ListedMessage&)>& each);

}  // namespace sluice::observe
