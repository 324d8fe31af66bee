// What goes now: due times, lanes' timers and lifetimes that have passed, then attempts for every free slot.
#include <algorithm>

#include "core/schedule/scheduler.h"

namespace sluice::schedule {
namespace {

// Timers of each kind that one plan() lets fire, so that a million of them at once do not keep the caller from its
// sockets: the rest follows in the next plan(), which is asked for at once.
constexpr std::size_t kTimersPerPlan = 8192;
constexpr std::size_t kWarningsPerPlan = 256;  // each costs the caller a report

}  // namespace

const Plan& Scheduler::plan(MonoTime now) {
  now = advance(now);
  plan_.starts.clear();
  plan_.expired.clear();
  plan_.late.clear();
  plan_.recipients.clear();
  wake_due(now);
  board_.park_more(now);
  board_.wake_fitting(now, kTimersPerPlan);
  board_.fire_timers(now, kTimersPerPlan);
  collect_late(now);
  mark_overdue(now);
  for (std::size_t channel = 0; channel < kChannels; ++channel) start_attempts(static_cast<Channel>(channel), now);
  report_expired(now);  // last: a probe that starts sends those that it leaves behind here
  report_late();        // what is tried now is not late before that has failed
  plan_.wake = next_wake(now);
  return plan_;
}

void Scheduler::wake_due(MonoTime now) {
  for (std::size_t n = 0; n < kTimersPerPlan && !sleeping_.empty() && sleeping_.top_time() <= now; ++n) {
    const Index job = sleeping_.top_index();
    displace(job, now);
    board_.enqueue(job, now);
  }
}

void Scheduler::mark_overdue(MonoTime now) {
  for (std::size_t terms = 0; terms < kTerms; ++terms) {
    const Duration lifetime = policy_.lifetime(static_cast<Terms>(terms));
    for (std::size_t n = 0; n < kTimersPerPlan; ++n) {
      const Index message = calendars_[terms].next(messages_, lifetime, now);
      if (message == kNowhere) break;
      messages_[message].overdue = true;
      for (Index job = messages_[message].first_job; job != kNowhere; job = jobs_[job].next_of_message)
        if (jobs_[job].state == Job::State::kReady) board_.became_overdue(job, now);
    }
  }
}

void Scheduler::collect_late(MonoTime now) {
  for (std::size_t terms = 0; terms < kTerms; ++terms) {
    const auto warning = policy_.warning(static_cast<Terms>(terms));
    for (std::size_t n = 0; warning && n < kWarningsPerPlan; ++n) {
      const Index message = warnings_[terms].next(messages_, *warning, now);
      if (message == kNowhere) break;
      messages_[message].warning_due = true;
      late_.push_back(messages_[message].id);
      enter_calendar(message, now);
    }
  }
}

// Those that are held or in flight come back here when that is over.
void Scheduler::report_late() {
  for (const MessageId id : late_) {
    const Index index = find(id);
    if (index == kNowhere || !messages_[index].warning_due) continue;
    Message& message = messages_[index];
    if (message.held || message.removed || has_attempt(index)) continue;
    message.warning_due = false;
    if (!policy_.warning(message.terms)) continue;
    message.warned = true;
    if (!message.overdue && !message.given_up) plan_.late.push_back(id);  // else it fails before long, and that is said
  }
  late_.clear();
}

bool Scheduler::has_attempt(Index message) const {
  Index job = messages_[message].first_job;
  while (job != kNowhere && jobs_[job].state != Job::State::kInFlight) job = jobs_[job].next_of_message;
  return job != kNowhere;
}

void Scheduler::report_expired(MonoTime now) {
  while (!board_.expiring().empty()) {
    const Index index = board_.expiring().head();
    displace(index, now);
    const Job& job = jobs_[index];
    const Index message = job.message;
    const Lane& lane = board_[job.lane];
    const auto recipients = job.recipients.all();
    Expired& expired = plan_.expired.emplace_back();
    expired.message = messages_[message].id;
    expired.channel = lane.channel;
    expired.destination = lane.destination;
    expired.attempts = job.attempts;
    expired.given_up = messages_[message].given_up;
    expired.first = static_cast<std::uint32_t>(plan_.recipients.size());
    expired.count = static_cast<std::uint32_t>(recipients.size());
    plan_.recipients.insert(plan_.recipients.end(), recipients.begin(), recipients.end());
    forget_job(index, now);
    if (messages_[message].first_job != kNowhere) continue;
    expired.message_done = true;
    forget_message(message);
  }
}

void Scheduler::start_attempts(Channel channel, MonoTime now) {
  for (Index job = board_.take(channel, now); job != kNowhere; job = board_.take(channel, now)) start(job, now);
}

void Scheduler::start(Index index, MonoTime now) {
  const bool to_group = board_[jobs_[index].lane].channel == Channel::kGroup;
  const std::size_t most = to_group ? SIZE_MAX : std::max<std::uint32_t>(policy_.recipients_per_attempt, 1);
  if (jobs_[index].recipients.size() > most) {
    // The first `most` recipients go as a job of their own; the rest waits on in the same place.
    const Index part = split(index, jobs_[index].recipients.all().first(most));
    Job& rest = jobs_[index];
    rest.recipients.assign(rest.recipients.all().subspan(most));
    board_.put_back(index);
    index = part;
  }
  Job& job = jobs_[index];
  const std::uint64_t serial = ++serial_;
  job.state = Job::State::kInFlight;
  job.set_serial(serial);
  if (job.attempts < 0xFFFF) ++job.attempts;
  flights_[serial] = {index, now};
  board_.started(job.lane, serial, now);

  const auto recipients = job.recipients.all();
  Start& begun = plan_.starts.emplace_back();
  begun.attempt = AttemptId(serial);
  begun.message = messages_[job.message].id;
  begun.lane = board_[job.lane].key();
  begun.attempts = job.attempts;
  begun.first = static_cast<std::uint32_t>(plan_.recipients.size());
  begun.count = static_cast<std::uint32_t>(recipients.size());
  plan_.recipients.insert(plan_.recipients.end(), recipients.begin(), recipients.end());
}

std::optional<MonoTime> Scheduler::next_wake(MonoTime now) const {
  std::optional<MonoTime> first;
  const auto consider = [&](std::optional<MonoTime> time) {
    if (time && (!first || *time < *first)) first = std::max(*time, now);
  };
  if (!sleeping_.empty()) consider(sleeping_.top_time());
  consider(board_.next_timer());
  if (board_.more_fit() || board_.more_to_park()) first = now;
  for (std::size_t terms = 0; terms < kTerms; ++terms) {
    const auto warning = policy_.warning(static_cast<Terms>(terms));
    if (warning) consider(warnings_[terms].due(*warning));
    consider(calendars_[terms].due(policy_.lifetime(static_cast<Terms>(terms))));
  }
  return first;
}

}  // namespace sluice::schedule
