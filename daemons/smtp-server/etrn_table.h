// Which queue runs are begun when clients ask for them (ETRN), so that a flood of asking costs next to nothing: at most
// one run for a name at a time and a rest after each, a few runs at a time, a table that does not grow, and after each
// run a pause for all names that is as much longer as the run was, so that names without end make the queues search
// for a small part of the time only, however much lies in them. Whoever asks while
// a run for the name is under way gets another one when it has ended, because mail may have come that it did not see.
// Pure; the caller begins and ends the runs.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace sluice::smtp_server {

class EtrnTable {
 public:
  struct Limits {
    std::size_t names = 256;
    std::size_t under_way = 4;
    Duration rest{2000};  // after the run for a name, before the next one
    int pause = 3;        // after any run before any other, in times that it took
    Duration longest_pause{5000};
  };
  enum class Verdict : std::uint8_t {
    kBegin,   // begin it now; ended() or forget() must follow
    kWaits,   // due() will give it back
    kJoined,  // one that waits serves this asker too
    kFull     // too many names
  };

  EtrnTable() : EtrnTable(Limits()) {}
  explicit EtrnTable(Limits limits) : limits_(limits) {}

  Verdict ask(const std::string& name, MonoTime now);
  void ended(const std::string& name, MonoTime now);
  // The run could not be begun: whoever asks next may try at once.
  void forget(const std::string& name);
  // Names whose run is to be begun now, as if each had been asked with the answer kBegin.
  std::vector<std::string> due(MonoTime now);
  // When due() should be asked again though nothing ended; nothing: no time of its own.
  std::optional<MonoTime> next() const;

  std::size_t names() const { return entries_.size(); }
  std::size_t under_way() const { return under_way_; }

 private:
  enum class State : std::uint8_t { kWaiting, kUnderWay, kResting };
  struct Entry {
    State state = State::kWaiting;
    bool again = false;  // asked since the run was begun
    MonoTime begun{};    // of one that is under way
    MonoTime rested{};   // of a resting one
  };
  void sweep(MonoTime now);
  bool may_begin(MonoTime now) const { return under_way_ < limits_.under_way && now >= paused_until_; }

  Limits limits_;
  boost::unordered_flat_map<std::string, Entry> entries_;
  std::deque<std::string> waiting_, resting_;  // in the order in which they are served, or have rested
  std::size_t under_way_ = 0;
  MonoTime paused_until_{};
};

}  // namespace sluice::smtp_server
