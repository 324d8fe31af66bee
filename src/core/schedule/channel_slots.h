// ChannelSlots: who gets the next free slot of a channel. A slot is one attempt in flight; a channel has `limit` of
// them. Lanes that could start an attempt stand here in line.
//
// 1. The lane with the fewest attempts in flight goes first; among equals, who came first. So slots are shared evenly,
//    and what a slow destination holds is never taken from the share of another.
// 2. A lane that already has attempts in flight leaves slots free for those that have none: with `share` = 3 it takes
//    another only while its attempts are fewer than three times the free slots, and never the last free one. Alone it
//    comes to three quarters of the limit (15 of 20, 8 of 10); beside k such lanes each comes to 3L/(1+3k).
// 3. Lanes in back-off start no further attempt (their probes) while such lanes hold a quarter of the slots.
// 4. Lanes that never answered, and at most a quarter for probes, hold together at most limit - limit/4 slots. So
//    destinations that are known to answer do not stand behind a crowd of new ones that hang.
//
// The bound, for a limit of 2 and more: one lane, however it came to hold its slots and however long it hangs, leaves
// at least one free, so a lane with nothing in flight starts at once; and the slots that come free afterwards go to
// those with the fewest first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/schedule/lane.h"

namespace sluice::schedule {

class ChannelSlots {
 public:
  explicit ChannelSlots(Lanes& lanes) : lanes_(lanes) {}

  void set_limits(std::uint32_t limit, std::uint32_t share) { limit_ = limit, share_ = share; }
  std::uint32_t limit() const { return limit_; }
  std::uint32_t in_flight() const { return held_[0] + held_[1] + held_[2]; }

  // The lane whose turn it is to start one attempt; kNowhere: none may now. It stays in line.
  Index pick() const;

  // Lane::queued says whether a lane stands in line. Its in_flight and standing may not change while it does.
  void enqueue(Index lane);
  void withdraw(Index lane);

  // A slot was taken or given back by a lane of that standing; a lane's standing changed.
  void take(Standing standing) { ++held_[as_index(standing)]; }
  void give_back(Standing standing) { --held_[as_index(standing)]; }
  void move(Standing from, Standing to, std::uint32_t slots) {
    held_[as_index(from)] -= slots;
    held_[as_index(to)] += slots;
  }

 private:
  using Line = List<Lane, &Lane::turn>;
  // Lines by attempts in flight, and a bit for each that is not empty.
  struct Lines {
    std::vector<Line> by_in_flight;
    std::vector<std::uint64_t> occupied;
    Index first() const;  // head of the first line that is not empty
  };

  static std::size_t as_index(Standing standing) { return static_cast<std::size_t>(standing); }
  bool has_room(Standing standing) const;
  bool may_take(std::uint32_t in_flight) const;

  Lanes& lanes_;
  std::uint32_t limit_ = 0;
  std::uint32_t share_ = 0;
  std::array<std::uint32_t, kStandings> held_{};
  std::array<Lines, kStandings> lines_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace sluice::schedule
