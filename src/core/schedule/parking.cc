// LaneBoard, the part about jobs that wait for something other than their lane's turn: for a queue run, which costs
// them nothing but a count, or for the load of the machine to fall.
//
// Where deferred mail waits for runs, so does what is ready when its destination goes into back-off: a run is over when
// all that it woke was tried or stands behind such a destination, and the next run, not a timer, finds it again.
#include <algorithm>

#include "core/schedule/lane_board.h"

namespace sluice::schedule {
namespace {

Reason reason_of(Job::State state) {
  return state == Job::State::kAwaitsLaneRun ? Reason::kExpensive : Reason::kQueueRun;
}

}  // namespace

void LaneBoard::park(Index index, Job::State state, MonoTime now) {
  Job& job = jobs_[index];
  job.state = state;
  job.released = false;
  if (!job.due_is_last) job.due = std::min(job.due, now);
  job.due_is_last = true;
  ++waiting_[index_of(lanes_[job.lane].channel)][static_cast<std::size_t>(reason_of(state))];
}

void LaneBoard::unpark(Index index) {
  Job& job = jobs_[index];
  auto& waiting = waiting_[index_of(lanes_[job.lane].channel)];
  if (job.state == Job::State::kAwaitsLoad) {
    too_large_.erase(job.place.previous, [this](Index i, Index position) { jobs_[i].place.previous = position; });
    --waiting[static_cast<std::size_t>(Reason::kLoad)];
  } else {
    --waiting[static_cast<std::size_t>(reason_of(job.state))];
  }
  job.place = {};
  job.state = Job::State::kHeld;
}

void LaneBoard::expire(Index index) {
  jobs_[index].state = Job::State::kExpiring;
  expiring_.push_back(jobs_, index);
}

bool LaneBoard::waits_for_runs(const Lane& lane) const {
  if (lane.channel == Channel::kGroup) return false;
  return policy_->retry == Retry::kRuns || lane.hold != LaneHold::kNone;
}

// A slice of them, so that a million behind a dead destination do not keep the caller from its sockets.
void LaneBoard::park_ready(Index index, MonoTime now) {
  constexpr std::uint32_t kSlice = 8192;
  Lane& lane = lanes_[index];
  const auto state = lane.hold == LaneHold::kNone ? Job::State::kAwaitsRun : Job::State::kAwaitsLaneRun;
  for (std::uint32_t n = std::min(lane.ready, kSlice); n > 0; --n) {
    const Index job = flows_.next(lane.round);
    const Message& message = messages_[jobs_[job].message];
    flows_.erase(index, message.flow, job);
    count_ready(lane, message.overdue, false);
    park(job, state, now);
  }
  count_stall();
}

void LaneBoard::park_more(MonoTime now) {
  if (to_park_.empty()) return;
  const Index lane = to_park_.back();
  to_park_.pop_back();
  lanes_[lane].parking = false;
  refresh(lane, now);
}

// The load ------------------------------------------------------------------------------------------------------------

void LaneBoard::set_load(double load) {
  load_ = load;
  largest_ = policy_->load_gate ? largest_number(*policy_->load_gate, load) : std::nullopt;
}

std::int64_t LaneBoard::number_of(const Job& job) const {
  return messages_[job.message].priority() + priority_number(0, 0, 0, job.attempts, policy_->factors);
}

// Of the jobs of a lane in line those that come first, until one may go; perhaps the lane is not in line any more.
void LaneBoard::set_aside_too_large(Index index, MonoTime now) {
  Lane& lane = lanes_[index];
  for (Index job = flows_.next(lane.round); job != kNowhere && number_of(jobs_[job]) > *largest_;
       job = flows_.next(lane.round)) {
    const Message& message = messages_[jobs_[job].message];
    flows_.erase(index, message.flow, job);
    count_ready(lane, message.overdue, false);
    set_aside(job);
  }
  if (lane.ready == 0) refresh(index, now);
}

void LaneBoard::set_aside(Index index) {
  Job& job = jobs_[index];
  job.state = Job::State::kAwaitsLoad;
  count_stall();
  ++waiting_[index_of(lanes_[job.lane].channel)][static_cast<std::size_t>(Reason::kLoad)];
  too_large_.push(MonoTime{Duration{number_of(job)}}, index,
                  [this](Index i, Index position) { jobs_[i].place.previous = position; });
}

bool LaneBoard::more_fit() const {
  return !too_large_.empty() && (!largest_ || too_large_.top_time().time_since_epoch().count() <= *largest_);
}

void LaneBoard::wake_fitting(MonoTime now, std::size_t most) {
  for (; most > 0 && more_fit(); --most) {
    const Index job = too_large_.top_index();
    unpark(job);
    enqueue(job, now);
  }
}

// Their numbers may be others now.
void LaneBoard::wake_all_too_large(MonoTime now) {
  while (!too_large_.empty()) {
    const Index job = too_large_.top_index();
    unpark(job);
    enqueue(job, now);
  }
}

}  // namespace sluice::schedule
