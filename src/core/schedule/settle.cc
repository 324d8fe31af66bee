// What attempts came to.
#include <algorithm>

#include "core/schedule/retry_curve.h"
#include "core/schedule/scheduler.h"

namespace sluice::schedule {

const Settled& Scheduler::settle(AttemptId attempt, std::span<const mail::Verdict> verdicts, mail::Trouble trouble,
                                 MonoTime now) {
  now = advance(now);
  const auto flight = land(attempt);
  if (!flight) return settled_;
  Job& job = jobs_[flight->job];
  board_.ended(job.lane, attempt.raw(), trouble, serial_, now);
  judge_recipients(job, verdicts, flight->began);

  job.released = false;
  job.due_is_last = parking_of(job).has_value();
  job.due = job.due_is_last ? flight->began : retry_time(job, flight->began, now);
  return conclude(flight->job, now);
}

MonoTime Scheduler::retry_time(const Job& job, MonoTime began, MonoTime now) const {
  const MonoTime birth = messages_[job.message].birth;
  const std::uint32_t skip = policy_.of(board_[job.lane].channel).retry_skip;
  const MonoTime next = next_attempt(birth, began, skip);
  return next > now ? next : next_attempt(birth, now, skip);  // the attempt took longer than the wait
}

const Settled& Scheduler::abandon(AttemptId attempt, MonoTime retry, MonoTime now) {
  now = advance(now);
  const auto flight = land(attempt);
  if (!flight) return settled_;
  Job& job = jobs_[flight->job];
  board_.ended(job.lane, attempt.raw(), std::nullopt, serial_, now);
  if (job.attempts > 0) --job.attempts;
  judge_recipients(job, {}, MonoTime::min());
  board_.count_stall();
  job.released = true;  // whatever it had to wait for has let it go
  job.due_is_last = false;
  job.due = retry;
  return conclude(flight->job, now);
}

// Takes the attempt out of the table and begins settled_.
std::optional<Scheduler::Flight> Scheduler::land(AttemptId attempt) {
  settled_.known = false;
  settled_.recipients.clear();
  settled_.next.reset();
  settled_.waits_for_run = false;
  settled_.message_done = false;
  deferred_.clear();
  const auto found = flights_.find(attempt.raw());
  if (found == flights_.end()) return std::nullopt;
  const Flight flight = found->second;
  flights_.erase(found);
  const Job& job = jobs_[flight.job];
  settled_.known = true;
  settled_.message = messages_[job.message].id;
  settled_destination_ = board_[job.lane].destination;
  settled_.lane = {board_[job.lane].channel, settled_destination_};
  return flight;
}

void Scheduler::judge_recipients(const Job& job, std::span<const mail::Verdict> verdicts, MonoTime began) {
  const Message& message = messages_[job.message];
  const bool was_made = began > MonoTime::min();  // else what was given up is for the next plan() to report
  const bool too_old = (message.given_up && was_made) || began >= message.birth + lifetime_of(message);
  const auto recipients = job.recipients.all();
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    mail::Verdict verdict = mail::Verdict::kDeferred;
    if (verdicts.size() == 1)
      verdict = verdicts.front();
    else if (i < verdicts.size())
      verdict = verdicts[i];
    const bool expires = verdict == mail::Verdict::kDeferred && too_old;
    if (verdict == mail::Verdict::kDeferred && !too_old) deferred_.push_back(recipients[i]);
    settled_.recipients.push_back({recipients[i], expires ? mail::Verdict::kFailed : verdict, expires});
  }
}

const Settled& Scheduler::conclude(Index index, MonoTime now) {
  Job& job = jobs_[index];
  const Index message = job.message;
  job.state = Job::State::kHeld;
  if (deferred_.empty() || messages_[message].removed) {
    forget_job(index, now);
  } else {
    if (deferred_.size() != job.recipients.size()) job.recipients.assign(deferred_);
    settled_.next = job.due;
    settled_.waits_for_run = job.due_is_last;
    place(index, now);
  }
  settled_.message_done = messages_[message].first_job == kNowhere;
  if (messages_[message].warning_due) late_.push_back(messages_[message].id);
  if (settled_.message_done) forget_message(message);
  return settled_;
}

}  // namespace sluice::schedule
