// What qtop knows at one instant about all queues of an instance: plain values, gathered elsewhere. And what follows
// from two of them, the rates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace sluice::monitor {

struct ChannelFigures {
  std::uint64_t in_flight = 0, limit = 0;
  std::uint64_t waiting = 0;  // jobs that are not under way, for whatever reason
  bool held = false;          // none is started
};

// Of qmail-send since it began: messages taken, and recipients by what an attempt came to.
struct Totals {
  std::uint64_t taken = 0, delivered = 0, deferred = 0, failed = 0;
};
struct Rates {  // the same, a second
  double taken = 0, delivered = 0, deferred = 0, failed = 0;
};

enum class QueueState : std::uint8_t {
  kRunning,
  kRetired,  // of a dynamic number: empty, without daemons
  kSilent,   // it should answer and does not
};

struct QueueFigures {
  unsigned number = 0;
  std::string name;
  QueueState state = QueueState::kRunning;
  std::string trouble;    // kSilent: why
  bool offered = true;    // clients may choose it
  bool disabled = false;  // by setqload -d
  // Only of a queue that runs:
  std::uint64_t pid = 0;  // of qmail-send
  std::uint64_t messages = 0, load = 0, lanes = 0;
  ChannelFigures local, remote, lmtp;
  Totals totals;
  std::optional<Rates> rates;  // nothing: not known yet
};

struct LaneFigures {
  std::string queue;  // its name; of several queues, how many: "3 queues"
  std::string channel, destination;
  std::uint64_t in_flight = 0, window = 0;
  std::uint64_t jobs = 0;  // all of them, those under way too
  std::string reason;      // what the others wait for
};

struct Snapshot {
  WallTime at{};
  std::string home;
  bool dynamic = false;  // the number of queues follows the load
  std::vector<QueueFigures> queues;
  std::vector<LaneFigures> lanes;  // busiest first
  std::string log_name;            // empty: no log is followed
  std::vector<std::string> log;    // its last lines, oldest first, printable
};

// Sets the rates of `now` from what has happened since `before`, `span` ago. A queue that was not there or whose
// qmail-send began anew has none.
void set_rates(Snapshot& now, const Snapshot& before, Duration span);

// The `most` busiest lanes, busiest first; those of several queues to one destination become one.
std::vector<LaneFigures> busiest(std::vector<LaneFigures> lanes, std::size_t most);

struct Sum {
  std::size_t running = 0, offered = 0, silent = 0, retired = 0;  // queues
  std::uint64_t messages = 0;
  ChannelFigures local, remote, lmtp;
  std::optional<Rates> rates;  // of the queues that have them
};
Sum sum_of(const Snapshot& snapshot);

}  // namespace sluice::monitor
