#include "core/schedule/lane_board.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::schedule {
namespace {

std::string rule_key(Channel channel, std::string_view destination) {
  std::string key(1, static_cast<char>('0' + index_of(channel)));
  return key.append(destination);
}

}  // namespace

LaneBoard::LaneBoard(Jobs& jobs, Messages& messages, const Policy& policy, SharedLimits* shared)
    : jobs_(jobs),
      messages_(messages),
      policy_(&policy),
      flows_(jobs),
      slots_{ChannelSlots(lanes_), ChannelSlots(lanes_), ChannelSlots(lanes_), ChannelSlots(lanes_)},
      shared_(shared) {
  set_policy(policy, MonoTime::min());
}

// Names ---------------------------------------------------------------------------------------------------------------

Index LaneBoard::find(LaneKey key) const {
  const Names& names = names_[index_of(key.channel)];
  const auto known = names.find(key.destination);
  return known == names.end() ? kNowhere : known->second;
}

Index LaneBoard::lane_for(LaneKey key) {
  Index index = find(key);
  if (index == kNowhere) {
    index = lanes_.add({});
    Lane& lane = lanes_[index];
    lane.destination = key.destination;
    lane.channel = key.channel;
    names_[index_of(key.channel)].emplace(lane.destination, index);
    apply_policy(lane);
    lane.health = Health(window_of(lane));
  }
  ++lanes_[index].jobs;
  return index;
}

void LaneBoard::leave(Index lane, MonoTime now) {
  --lanes_[lane].jobs;
  refresh(lane, now);
}

void LaneBoard::drop(Index index) {
  Lane& lane = lanes_[index];
  Names& names = names_[index_of(lane.channel)];
  names.erase(std::string_view(lane.destination));
  if (names.empty()) names = {};
  if (lane.parking) std::erase(to_park_, index);
  lanes_.remove(index);
}

// Jobs ----------------------------------------------------------------------------------------------------------------

void LaneBoard::count_ready(Lane& lane, bool overdue, bool added) {
  const auto change = [added](auto& count) { added ? ++count : --count; };
  change(lane.ready);
  if (overdue) change(lane.overdue);
  change(waiting_[index_of(lane.channel)][static_cast<std::size_t>(lane.reason)]);
}

void LaneBoard::enqueue(Index index, MonoTime now) {
  Job& job = jobs_[index];
  Lane& lane = lanes_[job.lane];
  const Message& message = messages_[job.message];
  if (message.overdue && block_of(lane, now).reason == Reason::kLaneBackoff) {
    job.state = Job::State::kExpiring;
    expiring_.push_back(jobs_, index);
    return;
  }
  job.state = Job::State::kReady;
  flows_.push(job.lane, lane.round, message.flow, index);
  count_ready(lane, message.overdue, true);
  refresh(job.lane, now);
}

void LaneBoard::withdraw(Index index, MonoTime now) {
  Job& job = jobs_[index];
  if (job.state == Job::State::kExpiring) {
    expiring_.erase(jobs_, index);
  } else {
    const Message& message = messages_[job.message];
    flows_.erase(job.lane, message.flow, index);
    count_ready(lanes_[job.lane], message.overdue, false);
    refresh(job.lane, now);
  }
  job.state = Job::State::kHeld;
}

void LaneBoard::became_overdue(Index index, MonoTime now) {
  Lane& lane = lanes_[jobs_[index].lane];
  ++lane.overdue;
  if (lane.reason != Reason::kLaneBackoff) return;
  withdraw(index, now);
  enqueue(index, now);
}

void LaneBoard::expire_overdue(Index index) {
  Lane& lane = lanes_[index];
  std::vector<Index> old;
  flows_.for_each(lane.round, [&](Index job) {
    if (messages_[jobs_[job].message].overdue) old.push_back(job);
  });
  for (const Index job : old) {
    flows_.erase(index, messages_[jobs_[job].message].flow, job);
    count_ready(lane, true, false);
    jobs_[job].state = Job::State::kExpiring;
    expiring_.push_back(jobs_, job);
  }
}

// Attempts ------------------------------------------------------------------------------------------------------------

Index LaneBoard::take(Channel channel, MonoTime now) {
  if (held_[index_of(channel)]) return kNowhere;
  Index index;
  for (;;) {
    index = slots_[index_of(channel)].pick();
    if (index == kNowhere) return kNowhere;
    if (largest_) set_aside_too_large(index, now);
    if (lanes_[index].queued && take_shared(index, now)) break;
  }
  Lane& lane = lanes_[index];
  const Index job = flows_.take(lane.round);
  count_ready(lane, messages_[jobs_[job].message].overdue, false);
  jobs_[job].state = Job::State::kHeld;
  return job;
}

void LaneBoard::put_back(Index index) {
  Job& job = jobs_[index];
  Lane& lane = lanes_[job.lane];
  const Message& message = messages_[job.message];
  job.state = Job::State::kReady;
  flows_.put_back(job.lane, lane.round, message.flow, index);
  count_ready(lane, message.overdue, true);
}

void LaneBoard::started(Index index, std::uint64_t serial, MonoTime now) {
  Lane& lane = lanes_[index];
  stand_in_line(index, false);
  lane.health.started(serial);
  lane.bucket.take(lane.rate, now);
  ++lane.in_flight;
  slots_[index_of(lane.channel)].take(lane.standing);
  refresh(index, now);
}

void LaneBoard::ended(Index index, std::uint64_t serial, std::optional<mail::Trouble> trouble, std::uint64_t latest,
                      MonoTime now) {
  Lane& lane = lanes_[index];
  stand_in_line(index, false);
  slots_[index_of(lane.channel)].give_back(lane.standing);
  --lane.in_flight;
  give_back_shared(index);
  if (trouble)
    lane.health.ended(serial, latest, *trouble, now, window_of(lane), policy_->backoff);
  else
    lane.health.abandoned(serial);
  refresh(index, now);
}

// Where a lane stands -------------------------------------------------------------------------------------------------

LaneBoard::Block LaneBoard::block_of(const Lane& lane, MonoTime now) const {
  if (held_[index_of(lane.channel)]) return {Reason::kChannelHold, {}};
  if (lane.suspended) return {Reason::kSuspension, {}};
  if (lane.health.in_backoff()) {
    if (lane.health.probing()) return {Reason::kLaneBackoff, {}};
    if (lane.health.backoff().until() > now) return {Reason::kLaneBackoff, lane.health.backoff().until()};
  } else if (lane.in_flight >= lane.health.window().size()) {
    return {Reason::kLaneWindow, {}};
  }
  if (lane.in_flight >= lane.limit) return {Reason::kLaneWindow, {}};
  const MonoTime token = lane.bucket.ready_at(lane.rate, now);
  if (token > now) return {Reason::kLaneRate, token};
  if (lane.shared_turn == SharedTurn::kParked) return {Reason::kInstanceLimit, {}};
  return {Reason::kChannelSlot, {}};
}

void LaneBoard::refresh(Index index, MonoTime now) {
  Lane& lane = lanes_[index];
  const Block block = lane.ready == 0 ? Block{} : block_of(lane, now);
  if (block.reason == Reason::kLaneBackoff && lane.overdue > 0) {
    expire_overdue(index);
    return refresh(index, now);
  }
  if (block.reason == Reason::kLaneBackoff && block.until && lane.ready > 0 && waits_for_runs(lane)) {
    park_ready(index, now);
    if (lane.ready == 0) return refresh(index, now);
    if (!std::exchange(lane.parking, true)) to_park_.push_back(index);
  }
  if (lane.ready == 0) flows_.clear(lane.round);
  const bool waits_for_slot = block.reason == Reason::kChannelSlot;
  if (const Standing standing = lane.health.standing(); standing != lane.standing) {
    stand_in_line(index, false);
    slots_[index_of(lane.channel)].move(lane.standing, standing, lane.in_flight);
    lane.standing = standing;
  }
  stand_in_line(index, waits_for_slot);
  set_reason(lane, block.reason);
  const bool shut = lane.ready > 0 && lane.is_shut();
  if (!std::exchange(lane.shut, shut) && shut) count_stall();
  keep_shared_turn(index, block.reason);
  if (lane.jobs > 0 || lane.suspended) return set_timer(index, block.until);
  const MonoTime end = remembers_until(lane);
  if (end > now) return set_timer(index, end);
  set_timer(index, std::nullopt);
  drop(index);
}

void LaneBoard::stand_in_line(Index index, bool wanted) {
  Lane& lane = lanes_[index];
  if (lane.queued == wanted) return;
  ChannelSlots& slots = slots_[index_of(lane.channel)];
  wanted ? slots.enqueue(index) : slots.withdraw(index);
}

void LaneBoard::set_reason(Lane& lane, Reason reason) {
  auto& waiting = waiting_[index_of(lane.channel)];
  waiting[static_cast<std::size_t>(lane.reason)] -= lane.ready;
  waiting[static_cast<std::size_t>(reason)] += lane.ready;
  lane.reason = reason;
}

void LaneBoard::set_timer(Index index, std::optional<MonoTime> at) {
  Lane& lane = lanes_[index];
  const auto moved = [this](Index i, Index position) { lanes_[i].timer = position; };
  if (lane.timer != kNowhere) {
    if (at && *at == lane.timer_at) return;
    timers_.erase(lane.timer, moved);
    lane.timer = kNowhere;
  }
  if (!at) return;
  lane.timer_at = *at;
  timers_.push(*at, index, moved);
}

std::optional<MonoTime> LaneBoard::next_timer() const {
  std::optional<MonoTime> first;
  if (!timers_.empty()) first = timers_.top_time();
  if (!shared_line_.empty()) first = std::min(first.value_or(shared_look_), shared_look_);
  return first;
}

void LaneBoard::fire_timers(MonoTime now, std::size_t most) {
  if (!shared_line_.empty() && shared_look_ <= now) look_at_shared(now, true);
  for (; most > 0 && !timers_.empty() && timers_.top_time() <= now; --most) {
    const Index lane = timers_.pop([this](Index i, Index position) { lanes_[i].timer = position; });
    lanes_[lane].timer = kNowhere;
    refresh(lane, now);
  }
}

MonoTime LaneBoard::remembers_until(const Lane& lane) const {
  const MonoTime alone = lane.health.in_backoff() ? lane.health.backoff().until() : MonoTime::min();
  return std::max(alone, lane.bucket.full_at(lane.rate));
}

std::optional<MonoTime> LaneBoard::until(Index index) const {
  const Lane& lane = lanes_[index];
  if (lane.timer == kNowhere) return std::nullopt;
  return lane.timer_at;
}

// Settings and commands -----------------------------------------------------------------------------------------------

WindowBounds LaneBoard::window_of(const Lane& lane) const {
  WindowBounds bounds = policy_->of(lane.channel).window;
  bounds.limit = lane.limit;
  return bounds.in_order();
}

// True: the lane's hold is another now.
bool LaneBoard::apply_policy(Lane& lane) {
  const ChannelPolicy& channel = policy_->of(lane.channel);
  const LaneHold hold = std::exchange(lane.hold, channel.hold);
  lane.limit = channel.window.limit;
  lane.shared = shared_ != nullptr && channel.shared;
  lane.rate = channel.rate;
  const auto rule = rules_.empty() ? rules_.end() : rules_.find(rule_key(lane.channel, lane.destination));
  if (rule != rules_.end()) {
    lane.limit = rule->second.limit.value_or(lane.limit);
    lane.rate = rule->second.rate.value_or(lane.rate);
    lane.hold = rule->second.hold.value_or(lane.hold);
  }
  return lane.hold != hold;
}

bool LaneBoard::set_policy(const Policy& policy, MonoTime now) {
  policy_ = &policy;
  bool waits_otherwise = std::exchange(retry_, policy.retry) != policy.retry;
  rules_.clear();
  for (const LaneRule& rule : policy.lane_rules) rules_[rule_key(rule.channel, rule.destination)] = rule;
  flows_.names().set_weights(policy.flow_weights);
  for (std::size_t channel = 0; channel < kChannels; ++channel)
    slots_[channel].set_limits(policy.channels[channel].limit, policy.channels[channel].lane_share);
  lanes_.for_each([&](Index index, Lane& lane) {
    waits_otherwise = apply_policy(lane) || waits_otherwise;
    lane.health.clamp(window_of(lane));
    if (lane.shared_turn == SharedTurn::kParked) set_shared_turn(index, SharedTurn::kCalled);  // another limit
    refresh(index, now);
  });
  if (load_) set_load(*load_);
  if (std::exchange(factors_, policy.factors) != policy.factors) wake_all_too_large(now);
  return waits_otherwise;
}

void LaneBoard::refresh_all(Channel channel, MonoTime now) {
  lanes_.for_each([&](Index index, const Lane& lane) {
    if (lane.channel == channel) refresh(index, now);
  });
}

void LaneBoard::hold(Channel channel, bool held, MonoTime now) {
  held_[index_of(channel)] = held;
  refresh_all(channel, now);
}

void LaneBoard::suspend(LaneKey key, MonoTime now) {
  const Index index = lane_for(key);
  lanes_[index].suspended = true;
  leave(index, now);
}

bool LaneBoard::resume(LaneKey key, MonoTime now) {
  const Index index = find(key);
  if (index == kNowhere || !lanes_[index].suspended) return false;
  lanes_[index].suspended = false;
  refresh(index, now);
  return true;
}

void LaneBoard::probe_now(Index lane, MonoTime now) {
  lanes_[lane].health.probe_now(now);
  refresh(lane, now);
}

bool LaneBoard::forget_backoff(LaneKey key, MonoTime now) {
  const Index lane = find(key);
  if (lane == kNowhere || !lanes_[lane].health.in_backoff()) return false;
  lanes_[lane].health.forget_backoff();
  refresh(lane, now);
  return true;
}

}  // namespace sluice::schedule
