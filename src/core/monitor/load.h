// The load of queues as qmonitor, setqload and qmail-qread -i speak of it. Pure: figures in, lines and numbers out.
//
// The load of one queue is 100 * local / local limit + 100 * remote / remote limit; a channel whose limit is 0 counts
// as idle.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/link/queue_counts.h"

namespace sluice::monitor {

struct QueueLoad {
  unsigned number = 0;  // the N of queueN
  link::QueueCounts counts;
};

double local_percent(const link::QueueCounts& counts);
double remote_percent(const link::QueueCounts& counts);

// Averages over all queues, in percent of the limit of each channel. None: 0.
struct LoadAverage {
  double local = 0, remote = 0;
  bool above(unsigned threshold) const { return local + remote > 2.0 * threshold; }
};
LoadAverage average_of(const std::vector<QueueLoad>& queues);

// "queue load avg (local[100.00] + remote[ 50.00])/2 =  75.00 <= (90 * 2) = 180.00\n"
std::string average_line(const LoadAverage& average, unsigned threshold);
// "queue[0] load = 45.00\n"; `index` counts from 0.
std::string load_line(std::size_t index, const link::QueueCounts& counts);

// What setqload sends: the sum of one expression, the load as a ratio, or of two, that of each channel.
//   errors   a sentence: an expression that is none
struct SentLoad {
  double ratio = 0;           // as it was given, even if it is below 0
  std::uint64_t percent = 0;  // as it is sent: 0 to 200
};
Result<SentLoad, std::string> load_of_expressions(const std::vector<std::string_view>& expressions);

// The table of qmail-qread -i, its header and last line included. '-' marks the queues with the least load.
std::string load_table(const std::vector<QueueLoad>& queues, const link::SchedulerCounts& counts, unsigned threshold);

}  // namespace sluice::monitor
