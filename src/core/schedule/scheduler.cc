// Messages, their jobs, and commands. plan.cc: what goes now; settle.cc: what attempts came to; runs.cc: queue runs;
// views.cc: listings.
#include "core/schedule/scheduler.h"

#include <algorithm>

#include "core/schedule/retry_curve.h"

namespace sluice::schedule {

Scheduler::Scheduler(Policy policy, SharedLimits* shared)
    : policy_(std::move(policy)),
      by_id_(0, ById{&messages_}, ById{&messages_}),
      board_(jobs_, messages_, policy_, shared) {
  renew_warnings();
}

Index Scheduler::find(MessageId id) const {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? kNowhere : *known;
}

MonoTime Scheduler::advance(MonoTime now) { return now_ = std::max(now_, now); }

// Messages ------------------------------------------------------------------------------------------------------------

bool Scheduler::accept(const NewMessage& given, std::span<const NewJob> jobs, MonoTime now) {
  now = advance(now);
  const bool empty = std::all_of(jobs.begin(), jobs.end(), [](const NewJob& job) { return job.recipients.empty(); });
  if (empty || knows(given.id)) return false;
  Message message;
  message.id = given.id;
  message.birth = std::clamp(given.arrival, now - Policy::kLongest, now);
  message.flow = board_.flows().names().intern(given.flow);
  message.terms = terms_of(given.urgency, given.null_sender);
  message.waits_for_run = mail::waits_for_run(given.mode);
  message.set_priority(given.priority);
  message.warned = given.warned || given.null_sender;
  const Index index = messages_.add(message);
  by_id_.insert(index);
  enter_calendar(index, now);
  add_jobs(index, jobs, now);
  return true;
}

// One calendar holds a message at a time: first that of warnings, then, because lifetimes end later, that of lifetimes.
void Scheduler::enter_calendar(Index index, MonoTime now) {
  Message& message = messages_[index];
  const auto warning = policy_.warning(message.terms);
  message.awaits_warning = warning && !message.warned && !message.warning_due;
  calendar_of(message).add(messages_, index, message.awaits_warning ? *warning : lifetime_of(message), now);
}

void Scheduler::forget_message(Index index) {
  const Message message = messages_[index];
  calendar_of(message).remove(messages_, index);
  by_id_.erase(by_id_.find(message.id));
  board_.flows().names().release(message.flow);
  messages_.remove(index);
  if (messages_.size() == 0) by_id_.rehash(0);
}

// Jobs ----------------------------------------------------------------------------------------------------------------

// `released`: the recipients, ascending, that a queue run has let go already.
void Scheduler::add_jobs(Index message, std::span<const NewJob> jobs, MonoTime now,
                         std::span<const std::uint32_t> released) {
  for (const NewJob& given : jobs) {
    if (given.recipients.empty()) continue;
    const Index index = new_job(message, board_.lane_for(given.lane), given.recipients);
    Job& job = jobs_[index];
    job.attempts = static_cast<std::uint16_t>(std::min<std::uint32_t>(given.attempts, 0xFFFF));
    job.due = given.due.value_or(now);
    job.released = !released.empty() && std::all_of(given.recipients.begin(), given.recipients.end(), [&](auto each) {
      return std::binary_search(released.begin(), released.end(), each);
    });
    if (job.released) job.due = std::min(job.due, now);
    // What had to wait for a run when it was deferred was written down with the time of that attempt.
    job.due_is_last = job.attempts > 0 && job.due <= now && parking_of(job);
    place(index, now);
  }
}

Index Scheduler::new_job(Index message, Index lane, std::span<const std::uint32_t> recipients) {
  Job job;
  job.recipients.assign(recipients);
  job.message = message;
  job.lane = lane;
  job.next_of_message = messages_[message].first_job;
  return messages_[message].first_job = jobs_.add(std::move(job));
}

// For a job that is nowhere: what queue run it has to wait for, if any. The way to another queue group is none: it is
// there that the message waits.
std::optional<Job::State> Scheduler::parking_of(const Job& job) const {
  if (job.released || board_[job.lane].channel == Channel::kGroup) return std::nullopt;
  if (board_[job.lane].hold != LaneHold::kNone) return Job::State::kAwaitsLaneRun;
  const bool waits = job.attempts == 0 ? messages_[job.message].waits_for_run : policy_.retry == Retry::kRuns;
  return waits ? std::optional(Job::State::kAwaitsRun) : std::nullopt;
}

// Makes Job::due what its place wants it to be, after the policy changed: when it was tried, or when it is due.
void Scheduler::settle_due(Job& job, bool parks, MonoTime now) {
  if (job.due_is_last == parks || job.released) return;
  job.due_is_last = parks;
  if (job.attempts == 0) return;
  const MonoTime birth = messages_[job.message].birth;
  const std::uint32_t skip = policy_.of(board_[job.lane].channel).retry_skip;
  job.due = parks ? std::min(last_attempt(birth, job.due, skip), now) : next_attempt(birth, job.due, skip);
}

void Scheduler::place(Index index, MonoTime now) {
  Job& job = jobs_[index];
  const Message& message = messages_[job.message];
  if (message.held) {
    job.state = Job::State::kHeld;
    ++held_count_[index_of(board_[job.lane].channel)];
    return;
  }
  if (message.given_up) return board_.expire(index);
  const auto parking = parking_of(job);
  settle_due(job, parking.has_value(), now);
  if (parking) {
    board_.park(index, *parking, now);
  } else if (job.due > now) {
    job.state = Job::State::kSleeping;
    ++sleeping_count_[index_of(board_[job.lane].channel)];
    sleeping_.push(job.due, index, [this](Index moved, Index position) { jobs_[moved].place.previous = position; });
  } else {
    board_.enqueue(index, now);
  }
}

void Scheduler::displace(Index index, MonoTime now) {
  Job& job = jobs_[index];
  switch (job.state) {
    case Job::State::kSleeping:
      --sleeping_count_[index_of(board_[job.lane].channel)];
      sleeping_.erase(job.place.previous,
                      [this](Index moved, Index position) { jobs_[moved].place.previous = position; });
      break;
    case Job::State::kReady:
    case Job::State::kExpiring:
      board_.withdraw(index, now);
      break;
    case Job::State::kAwaitsRun:
    case Job::State::kAwaitsLaneRun:
    case Job::State::kAwaitsLoad:
      board_.unpark(index);
      break;
    case Job::State::kHeld:
      --held_count_[index_of(board_[job.lane].channel)];
      break;
    case Job::State::kInFlight:
      break;
  }
  job.state = Job::State::kHeld;
}

// The job is in none of the places any more.
void Scheduler::forget_job(Index index, MonoTime now) {
  const Job& job = jobs_[index];
  Index* link = &messages_[job.message].first_job;
  while (*link != index) link = &jobs_[*link].next_of_message;
  *link = job.next_of_message;
  const Index lane = job.lane;
  jobs_.remove(index);
  board_.leave(lane, now);
}

// Commands ------------------------------------------------------------------------------------------------------------

Scheduler::Removal Scheduler::remove(MessageId id, MonoTime now) {
  now = advance(now);
  const Index message = find(id);
  if (message == kNowhere) return Removal::kUnknown;
  for_each_job(message, [&](Index job) {
    if (jobs_[job].state == Job::State::kInFlight) return;
    displace(job, now);
    forget_job(job, now);
  });
  messages_[message].removed = true;
  if (messages_[message].first_job != kNowhere) return Removal::kWhenSettled;
  forget_message(message);
  return Removal::kDone;
}

bool Scheduler::hold(MessageId id, MonoTime now) {
  now = advance(now);
  const Index message = find(id);
  if (message == kNowhere) return false;
  if (messages_[message].held) return true;
  for_each_job(message, [&](Index job) {
    if (jobs_[job].state != Job::State::kInFlight) displace(job, now);
  });
  messages_[message].held = true;
  for_each_job(message, [&](Index job) {
    if (jobs_[job].state != Job::State::kInFlight) place(job, now);
  });
  return true;
}

bool Scheduler::release(MessageId id, MonoTime now) {
  now = advance(now);
  const Index message = find(id);
  if (message == kNowhere) return false;
  if (!messages_[message].held) return true;
  messages_[message].held = false;
  if (messages_[message].warning_due) late_.push_back(id);
  for_each_job(message, [&](Index job) {
    if (jobs_[job].state == Job::State::kInFlight) return;
    displace(job, now);
    place(job, now);
  });
  return true;
}

bool Scheduler::reassign(MessageId id, std::span<const NewJob> given, MonoTime now) {
  now = advance(now);
  const Index message = find(id);
  if (message == kNowhere || messages_[message].removed) return false;
  std::vector<std::uint32_t> in_flight, released;
  std::vector<Index> replaced;
  for_each_job(message, [&](Index job) {
    const auto recipients = jobs_[job].recipients.all();
    if (jobs_[job].state == Job::State::kInFlight)
      in_flight.insert(in_flight.end(), recipients.begin(), recipients.end());
    else
      replaced.push_back(job);
    if (jobs_[job].released && jobs_[job].state != Job::State::kInFlight)
      released.insert(released.end(), recipients.begin(), recipients.end());
  });
  std::sort(in_flight.begin(), in_flight.end());
  std::sort(released.begin(), released.end());
  std::vector<NewJob> jobs(given.begin(), given.end());
  std::vector<std::vector<std::uint32_t>> kept(jobs.size());
  bool any = !in_flight.empty();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const std::uint32_t recipient : jobs[i].recipients)
      if (!std::binary_search(in_flight.begin(), in_flight.end(), recipient)) kept[i].push_back(recipient);
    jobs[i].recipients = kept[i];
    any = any || !kept[i].empty();
  }
  if (!any) return false;
  board_.count_stall();
  add_jobs(message, jobs, now, released);  // first, so that lanes which stay keep what they know
  for (const Index job : replaced) {
    displace(job, now);
    forget_job(job, now);
  }
  return true;
}

void Scheduler::suspend(LaneKey lane, MonoTime now) { board_.suspend(lane, advance(now)); }

bool Scheduler::resume(LaneKey lane, MonoTime now) { return board_.resume(lane, advance(now)); }

void Scheduler::hold_channel(Channel channel, bool held, MonoTime now) { board_.hold(channel, held, advance(now)); }

// Empty calendars; the messages in them are to be entered again.
void Scheduler::renew_warnings() {
  for (std::size_t terms = 0; terms < kTerms; ++terms) {
    const auto warning = policy_.warning(static_cast<Terms>(terms));
    warnings_[terms].clear(messages_);
    warnings_[terms] = ExpiryCalendar(ExpiryCalendar::width_for(warning.value_or(Duration::zero())));
  }
}

// Other jobs wait for queue runs now. What is due already goes, except in lanes that became expensive.
void Scheduler::replace_waiting(MonoTime now) {
  jobs_.for_each([&](Index index, const Job& job) {
    const auto parking = parking_of(job);
    const bool parked = job.state == Job::State::kAwaitsRun || job.state == Job::State::kAwaitsLaneRun;
    const bool parks = parking && (job.state == Job::State::kSleeping ||
                                   (job.state == Job::State::kReady && *parking == Job::State::kAwaitsLaneRun));
    if (!parks && (!parked || parking == job.state)) return;
    displace(index, now);
    place(index, now);
  });
}

void Scheduler::set_policy(Policy policy, MonoTime now) {
  now = advance(now);
  const auto warnings_of = [](const Policy& of) {
    std::array<std::optional<Duration>, kTerms> warnings;
    for (std::size_t terms = 0; terms < kTerms; ++terms) warnings[terms] = of.warning(static_cast<Terms>(terms));
    return warnings;
  };
  const bool warns_otherwise = warnings_of(policy_) != warnings_of(policy);
  policy_ = std::move(policy);
  board_.count_stall();
  if (board_.set_policy(policy_, now)) replace_waiting(now);
  if (warns_otherwise) renew_warnings();
  // Messages that were past their lifetime, and are not now that it is longer, get back into the calendar.
  messages_.for_each([&](Index index, Message& message) {
    if (warns_otherwise) {
      calendar_of(message).remove(messages_, index);
      message.warning_due = false;
      if (!message.overdue) enter_calendar(index, now);
    }
    if (!message.overdue || message.given_up || message.birth + lifetime_of(message) <= now) return;
    for_each_job(index, [&](Index job) {
      if (jobs_[job].state == Job::State::kReady) board_.no_longer_overdue(job);
    });
    message.overdue = false;
    for_each_job(index, [&](Index job) {
      if (jobs_[job].state != Job::State::kExpiring) return;
      displace(job, now);
      place(job, now);
    });
    enter_calendar(index, now);
  });
}

}  // namespace sluice::schedule
