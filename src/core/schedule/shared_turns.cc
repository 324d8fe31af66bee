// LaneBoard, the part about limits that all queues of the instance share: taking slots of them, waiting for them, being
// called. A lane that was called stands in line for its channel's slots like any other, while its slot of the shared
// limit is kept for it: at most until the second look from then, so that a queue whose channel is full does not keep
// from others what it cannot use.
#include "core/schedule/lane_board.h"

namespace sluice::schedule {
namespace {

constexpr Duration kLook = std::chrono::seconds{1};  // between looks at lanes that wait, in case a call was lost

}  // namespace

// Whether the lane, whose turn it is in its channel, may start an attempt; if not, it is parked.
bool LaneBoard::take_shared(Index index, MonoTime now) {
  Lane& lane = lanes_[index];
  if (!lane.shared) return true;
  switch (shared_->take(lane.row, lane.key(), lane.limit)) {
    case SharedLimits::Answer::kTaken:
      ++lane.counted;
      break;
    case SharedLimits::Answer::kUncounted:
      break;
    case SharedLimits::Answer::kFull:
      if (shared_line_.empty()) shared_look_ = now + kLook;
      set_shared_turn(index, SharedTurn::kParked);
      refresh(index, now);
      return false;
  }
  set_shared_turn(index, SharedTurn::kNone);
  return true;
}

void LaneBoard::set_shared_turn(Index index, SharedTurn turn) {
  Lane& lane = lanes_[index];
  lane.called_before = false;
  if (turn != SharedTurn::kNone && lane.row != SharedLimits::kNoRow) by_row_[lane.row] = index;
  if (lane.shared_turn == turn) return;
  if (lane.shared_turn == SharedTurn::kNone) shared_line_.push_back(lanes_, index);
  if (turn == SharedTurn::kNone) {
    shared_line_.erase(lanes_, index);
    by_row_.erase(lane.row);
  }
  lane.shared_turn = turn;
}

// The last step of refresh(): who has no use for a slot of the limit does not wait for one, nor keeps one.
void LaneBoard::keep_shared_turn(Index index, Reason reason) {
  Lane& lane = lanes_[index];
  const bool wants = reason == Reason::kInstanceLimit || reason == Reason::kChannelSlot;
  if (lane.shared_turn != SharedTurn::kNone && !(wants && lane.shared)) {
    set_shared_turn(index, SharedTurn::kNone);
    if (lane.row != SharedLimits::kNoRow) shared_->stop_waiting(lane.row);
  }
  if (lane.row == SharedLimits::kNoRow || lane.counted > 0 || lane.shared_turn != SharedTurn::kNone) return;
  shared_->leave(lane.row);
  lane.row = SharedLimits::kNoRow;
}

// Of a lane's attempts those that were not counted end first.
void LaneBoard::give_back_shared(Index index) {
  Lane& lane = lanes_[index];
  if (lane.counted <= lane.in_flight) return;
  --lane.counted;
  shared_->give_back(lane.row, lane.limit);
  // It was handed to another queue, or else may be taken again: that is seen when this lane's turn comes.
  if (lane.shared_turn == SharedTurn::kParked) set_shared_turn(index, SharedTurn::kCalled);
}

void LaneBoard::limit_freed(SharedLimits::Row row, MonoTime now) {
  if (shared_ == nullptr) return;
  if (row == SharedLimits::kNoRow) return look_at_shared(now, false);
  const auto waits = by_row_.find(row);
  if (waits == by_row_.end()) return shared_->stop_waiting(row);
  const Index lane = waits->second;
  set_shared_turn(lane, SharedTurn::kCalled);
  refresh(lane, now);
}

// What changed without a call. `aged`: a second has passed.
void LaneBoard::look_at_shared(MonoTime now, bool aged) {
  if (aged) {
    shared_look_ = now + kLook;
    shared_->heal();
  }
  for (Index index = shared_line_.head(); index != kNowhere;) {
    Lane& lane = lanes_[index];
    const Index next = lane.shared_line.next;
    if (lane.shared_turn == SharedTurn::kParked) {
      if (shared_->may_take(lane.row, lane.limit)) {
        set_shared_turn(index, SharedTurn::kCalled);
        refresh(index, now);
      }
    } else if (aged && lane.called_before) {
      set_shared_turn(index, SharedTurn::kNone);
      if (lane.row != SharedLimits::kNoRow) shared_->stop_waiting(lane.row);
      refresh(index, now);
    } else if (aged) {
      lane.called_before = true;
    }
    index = next;
  }
}

std::vector<SharedLimits::Holder> LaneBoard::holders(const Lane& lane) const {
  return shared_ == nullptr ? std::vector<SharedLimits::Holder>{} : shared_->holders(lane.row);
}

}  // namespace sluice::schedule
