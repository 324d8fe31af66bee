// Queue runs: what of a message may be tried now, making it due, giving it up, and where it is afterwards.
#include <algorithm>
#include <iterator>

#include "core/schedule/retry_curve.h"
#include "core/schedule/scheduler.h"

namespace sluice::schedule {

// What a run may do
// -----------------------------------------------------------------------------------------------------

// How long the job's last attempt is yet too young for the run.
Duration Scheduler::still_young(const Job& job, const RunOptions& options, MonoTime now) const {
  if (options.selective || job.attempts == 0) return Duration::zero();
  const Duration maximum = options.max_age.value_or(policy_.ages.maximum);
  Duration wanted = options.min_age.value_or(policy_.ages.minimum);
  if (wanted <= Duration::zero() && maximum <= Duration::zero()) return Duration::zero();
  const MonoTime birth = messages_[job.message].birth;
  const MonoTime last =
      job.due_is_last ? job.due : last_attempt(birth, job.due, policy_.of(board_[job.lane].channel).retry_skip);
  if (maximum > Duration::zero()) wanted = std::max(wanted, std::min(last - birth, maximum));
  return std::clamp<Duration>(wanted - (now - last), Duration::zero(), Policy::kLongest);
}

Scheduler::Chance Scheduler::chance_of(const Job& job, const RunOptions& options, MonoTime now,
                                       Duration* young_for) const {
  const Lane& lane = board_[job.lane];
  const bool behind_backoff = lane.health.in_backoff() && lane.health.backoff().until() > now;
  switch (job.state) {
    case Job::State::kInFlight:
      return Chance::kInFlight;
    case Job::State::kHeld:
      return Chance::kHeld;
    case Job::State::kReady:
      return behind_backoff && options.probe ? Chance::kBehindBackoff : Chance::kGoing;
    case Job::State::kExpiring:
      return Chance::kGoing;
    case Job::State::kAwaitsLoad:
      return Chance::kBlocked;
    case Job::State::kSleeping:
    case Job::State::kAwaitsRun:
    case Job::State::kAwaitsLaneRun:
      break;
  }
  const Duration young = still_young(job, options, now);
  if (young_for != nullptr) *young_for = young;
  if (young > Duration::zero()) return Chance::kYoung;
  const bool out_of_reach = lane.hold == LaneHold::kUntilSelectiveRun && !options.selective;
  const bool blocked = out_of_reach || (behind_backoff && !options.probe);
  return blocked && !messages_[job.message].overdue ? Chance::kBlocked : Chance::kEligible;
}

Prospect Scheduler::prospect(MessageId id, const RunOptions& options, MonoTime now) const {
  now = std::max(now_, now);
  const Index message = find(id);
  if (message == kNowhere) return {};
  if (messages_[message].held) return {Prospect::Kind::kHeld, {}};
  Prospect prospect{Prospect::Kind::kLocked, {}};
  for (Index job = messages_[message].first_job; job != kNowhere; job = jobs_[job].next_of_message) {
    Duration young_for{};
    switch (chance_of(jobs_[job], options, now, &young_for)) {
      case Chance::kEligible:
      case Chance::kBehindBackoff:
        return {Prospect::Kind::kEligible, {}};
      case Chance::kYoung:
        if (prospect.kind != Prospect::Kind::kYoung || young_for < prospect.young_for)
          prospect = {Prospect::Kind::kYoung, young_for};
        break;
      case Chance::kInFlight:
        break;
      case Chance::kHeld:
      case Chance::kGoing:
      case Chance::kBlocked:
        if (prospect.kind == Prospect::Kind::kLocked) prospect.kind = Prospect::Kind::kElsewhere;
    }
  }
  return prospect;
}

// Running
// ---------------------------------------------------------------------------------------------------------------

// True: the job slept and goes now.
bool Scheduler::wake(Index index, const RunOptions& options, MonoTime now) {
  const Chance chance = chance_of(jobs_[index], options, now);
  if (chance != Chance::kEligible && chance != Chance::kBehindBackoff) return false;
  Job& job = jobs_[index];
  const Lane& lane = board_[job.lane];
  const bool out_of_reach = lane.hold == LaneHold::kUntilSelectiveRun && !options.selective;
  const bool behind_backoff = lane.health.in_backoff() && lane.health.backoff().until() > now;
  if (behind_backoff && options.probe && !out_of_reach) board_.probe_now(job.lane, now);
  if (chance == Chance::kBehindBackoff) return false;
  displace(index, now);
  if (out_of_reach) {  // and past its lifetime
    board_.expire(index);
    return true;
  }
  if (!job.due_is_last || job.due > now) job.due = now;
  job.released = true;
  place(index, now);
  return true;
}

std::size_t Scheduler::run(std::span<const MessageId> ids, const RunOptions& options, MonoTime now) {
  now = advance(now);
  std::size_t woken = 0;
  for (const MessageId id : ids)
    if (const Index message = find(id); message != kNowhere)
      for_each_job(message, [&](Index job) { woken += wake(job, options, now) ? 1 : 0; });
  return woken;
}

std::size_t Scheduler::run_recipients(MessageId id, std::span<const std::uint32_t> recipients,
                                      const RunOptions& options, MonoTime now) {
  now = advance(now);
  const Index message = find(id);
  if (message == kNowhere) return 0;
  std::size_t woken = 0;
  std::vector<std::uint32_t> wanted, rest;
  for_each_job(message, [&](Index index) {
    const auto all = jobs_[index].recipients.all();
    wanted.clear(), rest.clear();
    for (const std::uint32_t recipient : all)
      (std::binary_search(recipients.begin(), recipients.end(), recipient) ? wanted : rest).push_back(recipient);
    if (wanted.empty() || chance_of(jobs_[index], options, now) != Chance::kEligible) return;
    if (!rest.empty()) {
      const Index part = split(index, wanted);
      jobs_[index].recipients.assign(rest);
      place(part, now);
      index = part;
    }
    woken += wake(index, options, now) ? 1 : 0;
  });
  return woken;
}

// A job of its own for some of a job's recipients, which the caller takes out of that job. It is nowhere yet.
Index Scheduler::split(Index index, std::span<const std::uint32_t> recipients) {
  const Index part = new_job(jobs_[index].message, jobs_[index].lane, recipients);
  const Job& whole = jobs_[index];
  board_.join(whole.lane);
  jobs_[part].attempts = whole.attempts;
  jobs_[part].due = whole.due;
  jobs_[part].released = whole.released;
  jobs_[part].due_is_last = whole.due_is_last;
  return part;
}

std::size_t Scheduler::wake_in_order(std::vector<std::pair<MessageId, Index>>& jobs, const RunOptions& options,
                                     MonoTime now) {
  std::sort(jobs.begin(), jobs.end());
  std::size_t woken = 0;
  for (const auto& [id, job] : jobs) woken += wake(job, options, now) ? 1 : 0;
  return woken;
}

std::size_t Scheduler::run_all(MonoTime now, std::optional<Channel> channel, const RunOptions& options) {
  now = advance(now);
  std::vector<std::pair<MessageId, Index>> chosen;
  jobs_.for_each([&](Index index, const Job& job) {
    if (!channel || board_[job.lane].channel == *channel) chosen.emplace_back(messages_[job.message].id, index);
  });
  return wake_in_order(chosen, options, now);
}

std::size_t Scheduler::run_lane(LaneKey key, MonoTime now, const RunOptions& options) {
  now = advance(now);
  const Index lane = board_.find(key);
  if (lane == kNowhere) return 0;
  std::vector<std::pair<MessageId, Index>> chosen;
  jobs_.for_each([&](Index index, const Job& job) {
    if (job.lane == lane) chosen.emplace_back(messages_[job.message].id, index);
  });
  return wake_in_order(chosen, options, now);
}

bool Scheduler::forget_backoff(LaneKey key, MonoTime now) {
  now = advance(now);
  if (!board_.forget_backoff(key, now)) return false;
  const Index lane = board_.find(key);
  if (lane == kNowhere) return true;
  std::vector<std::pair<MessageId, Index>> chosen;
  jobs_.for_each([&](Index index, const Job& job) {
    // That it is well again does not say that it is cheap, nor that untried mail should not wait for its run.
    const bool waits_for_more =
        job.state == Job::State::kAwaitsLaneRun ||
        (job.state == Job::State::kAwaitsRun && messages_[job.message].waits_for_run && job.attempts == 0);
    if (job.lane == lane && !waits_for_more) chosen.emplace_back(messages_[job.message].id, index);
  });
  wake_in_order(chosen, RunOptions::ageless(), now);
  return true;
}

// Afterwards
// ------------------------------------------------------------------------------------------------------------

Whereabouts Scheduler::whereabouts(MessageId id) const {
  Whereabouts found;
  const Index message = find(id);
  if (message == kNowhere) return found;
  found.known = true;
  for (Index i = messages_[message].first_job; i != kNowhere; i = jobs_[i].next_of_message) {
    const Job& job = jobs_[i];
    switch (job.state) {
      case Job::State::kInFlight:
        ++found.in_flight;
        break;
      case Job::State::kReady:
        ++(board_[job.lane].is_shut() ? found.blocked : found.waiting);
        break;
      case Job::State::kExpiring:
        ++found.waiting;
        break;
      case Job::State::kHeld:
      case Job::State::kAwaitsLoad:
        ++found.blocked;
        break;
      case Job::State::kSleeping:
      case Job::State::kAwaitsRun:
      case Job::State::kAwaitsLaneRun:
        ++found.asleep;
        break;
    }
  }
  return found;
}

std::size_t Scheduler::give_up(std::span<const MessageId> ids, MonoTime now) {
  now = advance(now);
  std::size_t messages = 0;
  for (const MessageId id : ids) {
    const Index index = find(id);
    if (index == kNowhere) continue;
    Message& message = messages_[index];
    if (message.held || message.removed || message.given_up) continue;
    for_each_job(index, [&](Index job) {
      if (jobs_[job].state != Job::State::kInFlight) displace(job, now);
    });
    message.given_up = true;
    for_each_job(index, [&](Index job) {
      if (jobs_[job].state != Job::State::kInFlight) place(job, now);
    });
    ++messages;
  }
  return messages;
}

void Scheduler::set_load(double load, MonoTime now) {
  advance(now);
  board_.set_load(load);
}

}  // namespace sluice::schedule
