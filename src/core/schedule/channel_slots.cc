#include "core/schedule/channel_slots.h"

#include <algorithm>
#include <bit>

namespace sluice::schedule {

Index ChannelSlots::Lines::first() const {
  for (std::size_t word = 0; word < occupied.size(); ++word)
    if (occupied[word] != 0)
      return by_in_flight[word * 64 + static_cast<std::size_t>(std::countr_zero(occupied[word]))].head();
  return kNowhere;
}

Index ChannelSlots::pick() const {
  if (in_flight() >= limit_) return kNowhere;
  Index best = kNowhere;
  for (const Standing standing : {Standing::kProven, Standing::kUnknown, Standing::kTroubled}) {
    if (!has_room(standing)) continue;
    const Index lane = lines_[as_index(standing)].first();
    if (lane == kNowhere) continue;
    if (best == kNowhere || std::pair(lanes_[lane].queued_with, lanes_[lane].queued_as) <
                                std::pair(lanes_[best].queued_with, lanes_[best].queued_as))
      best = lane;
  }
  // If the one with the fewest may not take another slot, none may.
  return best != kNowhere && may_take(lanes_[best].queued_with) ? best : kNowhere;
}

bool ChannelSlots::has_room(Standing standing) const {
  const std::uint32_t quarter = limit_ / 4;
  const std::uint32_t probes = std::max<std::uint32_t>(quarter, 1);
  const std::uint32_t troubled = held_[as_index(Standing::kTroubled)];
  switch (standing) {
    case Standing::kProven:
      return true;
    case Standing::kTroubled:
      if (troubled >= probes) return false;
      [[fallthrough]];
    case Standing::kUnknown:
      // A lane that fell into back-off with many attempts in flight is not held against those that are new.
      return std::min(troubled, probes) + held_[as_index(Standing::kUnknown)] < limit_ - quarter;
  }
  return false;
}

bool ChannelSlots::may_take(std::uint32_t in_flight_of_lane) const {
  const std::uint64_t free = limit_ - in_flight();
  if (in_flight_of_lane == 0 || share_ == 0) return true;
  return free > 1 && in_flight_of_lane < share_ * free;
}

void ChannelSlots::enqueue(Index index) {
  Lane& lane = lanes_[index];
  Lines& lines = lines_[as_index(lane.standing)];
  lane.queued = true;
  lane.queued_with = lane.in_flight;
  lane.queued_as = ++arrivals_;
  const std::size_t word = lane.queued_with / 64;
  if (lines.by_in_flight.size() <= lane.queued_with) lines.by_in_flight.resize((word + 1) * 64);
  if (lines.occupied.size() <= word) lines.occupied.resize(word + 1);
  lines.by_in_flight[lane.queued_with].push_back(lanes_, index);
  lines.occupied[word] |= std::uint64_t{1} << lane.queued_with % 64;
}

void ChannelSlots::withdraw(Index index) {
  Lane& lane = lanes_[index];
  Lines& lines = lines_[as_index(lane.standing)];
  Line& line = lines.by_in_flight[lane.queued_with];
  line.erase(lanes_, index);
  if (line.empty()) lines.occupied[lane.queued_with / 64] &= ~(std::uint64_t{1} << lane.queued_with % 64);
  lane.queued = false;
}

}  // namespace sluice::schedule
