// Scheduler: decides when each recipient of each message is tried. Messages, results, commands and the time go in;
// attempts to start, recipients to give up and the next time to ask come out. It holds no descriptor, reads no clock
// and draws no chance: the same calls in the same order give the same answers.
//
// How it is driven, by one thread:
//
//   accept(message, jobs, now)            a message, its recipients grouped by lane
//   plan(now)                             → start these attempts, report these recipients as too old and these messages
//                                           as late, ask again at `wake`
//   settle(attempt, verdicts, …, now)     → what became of each recipient of an attempt
//
// After every call that changes something, plan() is to be asked again before the caller waits; otherwise at `wake`.
// `now` never goes back; an earlier time than that of the last call is taken as that.
//
// Retry::kRuns: what was deferred waits for a queue run instead, at no cost, and so does what is ready when its
// destination goes into back-off. Messages that were submitted to wait for a run (mail::waits_for_run) do so before
// their first attempt, and lanes with a LaneHold before each, whatever the policy.
//
// A job waits for one thing at a time (Reason) and is woken once, when that changes: nothing is polled, and what waits
// costs no attempt. Retry times follow the quadratic schedule (retry_curve.h). A recipient that is deferred in an
// attempt that began at the end of the message's lifetime or later fails; so does one whose lifetime ends while its
// destination cannot be reached. A message that is still here after Policy::warn_after is named late once, at most a
// minute after that, or a 64th of that if this is less: not while it is held, nor while an attempt of it is under way,
// but then when that is over. Lanes: lane_board.h.
// Fairness between lanes: channel_slots.h; between senders: flows.h.
//
// The scheduler knows recipients by their indices in the envelope, chosen by the caller, each in one job at a time.
// What plan() and settle() return, and every view in it, is valid until the next call of any function that is not
// const.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "core/mail/outcome.h"
#include "core/queue/message.h"
#include "core/schedule/expiry_calendar.h"
#include "core/schedule/lane_board.h"
#include "core/schedule/policy.h"
#include "core/schedule/views.h"

namespace sluice::schedule {

class Scheduler {
 public:
  // `shared`: the limits that hold over all queues of the instance; outlives the scheduler. Without it they are this
  // queue's own.
  explicit Scheduler(Policy policy, SharedLimits* shared = nullptr);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Takes a message. False, and nothing happens: the id is known, or there is no recipient.
  bool accept(const NewMessage& message, std::span<const NewJob> jobs, MonoTime now);

  const Plan& plan(MonoTime now);

  // An attempt ended. `verdicts` are in the order of its recipients, or one for all of them; missing ones are deferred.
  // `trouble` is what the attempt says about the destination. An unknown attempt: Settled::known is false.
  const Settled& settle(AttemptId attempt, std::span<const mail::Verdict> verdicts, mail::Trouble trouble,
                        MonoTime now);

  // An attempt was never made, or nobody will ever know (its process died): it does not count, and its recipients are
  // due at `retry`.
  const Settled& abandon(AttemptId attempt, MonoTime retry, MonoTime now);

  // Forgets a message. What is in flight runs to its end and is settled; what it defers is not tried again.
  enum class Removal { kUnknown, kDone, kWhenSettled };
  Removal remove(MessageId id, MonoTime now);

  // A held message is not tried, is not late and does not expire; what is in flight runs to its end. False: no such
  // message.
  bool hold(MessageId id, MonoTime now);
  bool release(MessageId id, MonoTime now);

  // The routes changed: replaces the waiting jobs of a message by these. Recipients in flight stay where they are and
  // are left out of `jobs`. False, and nothing happens: no such message, or nothing of it would be left.
  bool reassign(MessageId id, std::span<const NewJob> jobs, MonoTime now);

  // Queue runs (runs.cc): what sleeps until its retry time or waits for a run is due now, in the order given. Holds,
  // suspensions, limits and the load stay in force. What is past its lifetime and cannot be tried fails. Returns the
  // number of jobs made due.
  std::size_t run(std::span<const MessageId> ids, const RunOptions& options, MonoTime now);
  // Only these recipients of a message, ascending; the others stay as they are.
  std::size_t run_recipients(MessageId id, std::span<const std::uint32_t> recipients, const RunOptions& options,
                             MonoTime now);
  // In order of ids. O(n log n): for the operator.
  std::size_t run_all(MonoTime now, std::optional<Channel> channel = std::nullopt,
                      const RunOptions& options = RunOptions::ageless());
  std::size_t run_lane(LaneKey lane, MonoTime now, const RunOptions& options = RunOptions::ageless());
  // O(jobs of the message), without allocation.
  Prospect prospect(MessageId id, const RunOptions& options, MonoTime now) const;
  Whereabouts whereabouts(MessageId id) const;
  // Another number than before: messages may have stopped to be Whereabouts::under_way() although nothing was said
  // about them (settle(), a plan, or a command that names them): their destination cannot be reached, is suspended or
  // held, the load is too high, or the routes or the policy are others.
  std::uint64_t stalls() const { return board_.stalls(); }

  // Gives up messages (Timeout.queuereturn=now): the next plan() reports their recipients as expired; those in flight
  // fail unless that attempt delivers them. Held ones are left alone. Returns the number of messages.
  std::size_t give_up(std::span<const MessageId> ids, MonoTime now);

  // The load of the machine, for Policy::load_gate; none is known before.
  void set_load(double load, MonoTime now);

  // The destination is well again, somebody says: it is not in back-off any more, and what waits for it goes as in
  // run_lane(). False, and nothing happens: it was not in back-off.
  bool forget_backoff(LaneKey lane, MonoTime now);

  // A suspended lane and a held channel start nothing. resume() returns false if the lane was not suspended.
  void suspend(LaneKey lane, MonoTime now);
  bool resume(LaneKey lane, MonoTime now);
  void hold_channel(Channel channel, bool held, MonoTime now);

  // Another queue reserved a slot of the limit that a lane waits for; kNoRow: word of some such thing was lost. `row`
  // may come from outside: one that no lane waits for does no harm.
  void limit_freed(SharedLimits::Row row, MonoTime now) { board_.limit_freed(row, advance(now)); }

  // Takes effect at once; what is in flight above a lowered limit runs to its end. Retry times that are fixed stay.
  void set_policy(Policy policy, MonoTime now);
  const Policy& policy() const { return policy_; }

  bool knows(MessageId id) const { return find(id) != kNowhere; }
  std::size_t messages() const { return messages_.size(); }
  std::size_t jobs() const { return jobs_.size(); }
  std::size_t lanes() const { return board_.size(); }
  std::size_t flows() const { return board_.flows().names().size(); }
  std::optional<Explanation> explain(MessageId id) const;
  ChannelStatus status(Channel channel) const;
  std::vector<LaneStatus> lane_statuses();
  // At most `most`: those with the most attempts in flight, among equals those with the most jobs.
  std::vector<LaneStatus> busiest_lanes(std::size_t most);
  // Octets held for messages and jobs: records, index and heap; without recipient lists longer than one, and lanes.
  std::size_t octets() const;

 private:
  struct ById {  // messages_ hashed and compared by id
    using is_transparent = void;
    const Messages* messages;
    MessageId id_of(Index index) const { return (*messages)[index].id; }
    std::size_t operator()(MessageId id) const { return std::hash<MessageId>{}(id); }
    std::size_t operator()(Index index) const { return (*this)(id_of(index)); }
    bool operator()(Index a, Index b) const { return a == b; }
    bool operator()(MessageId id, Index index) const { return id == id_of(index); }
    bool operator()(Index index, MessageId id) const { return id == id_of(index); }
  };
  struct Flight {
    Index job = kNowhere;
    MonoTime began{};
  };
  using Counts = std::array<std::size_t, kChannels>;

  Index find(MessageId id) const;
  MonoTime advance(MonoTime now);
  Duration lifetime_of(const Message& message) const { return policy_.lifetime(message.terms); }
  ExpiryCalendar& calendar_of(const Message& message) {
    return (message.awaits_warning ? warnings_ : calendars_)[static_cast<std::size_t>(message.terms)];
  }
  void enter_calendar(Index message, MonoTime now);
  void renew_warnings();
  void replace_waiting(MonoTime now);

  // Jobs: made, put where they wait, taken from there, forgotten.
  void add_jobs(Index message, std::span<const NewJob> jobs, MonoTime now,
                std::span<const std::uint32_t> released = {});
  Index new_job(Index message, Index lane, std::span<const std::uint32_t> recipients);
  void place(Index job, MonoTime now);
  std::optional<Job::State> parking_of(const Job& job) const;
  void settle_due(Job& job, bool parks, MonoTime now);
  void displace(Index job, MonoTime now);
  void forget_job(Index job, MonoTime now);
  void forget_message(Index message);

  // Queue runs.
  enum class Chance { kInFlight, kHeld, kGoing, kBehindBackoff, kYoung, kBlocked, kEligible };
  Chance chance_of(const Job& job, const RunOptions& options, MonoTime now, Duration* young_for = nullptr) const;
  Duration still_young(const Job& job, const RunOptions& options, MonoTime now) const;
  bool wake(Index job, const RunOptions& options, MonoTime now);
  std::size_t wake_in_order(std::vector<std::pair<MessageId, Index>>& jobs, const RunOptions& options, MonoTime now);
  Index split(Index job, std::span<const std::uint32_t> recipients);
  // The visitor may forget the job that it is given.
  template <class Visitor>
  void for_each_job(Index message, Visitor&& visit) const {
    for (Index job = messages_[message].first_job; job != kNowhere;) {
      const Index next = jobs_[job].next_of_message;
      visit(job);
      job = next;
    }
  }

  // Parts of plan().
  void wake_due(MonoTime now);
  void mark_overdue(MonoTime now);
  void report_expired(MonoTime now);
  void collect_late(MonoTime now);
  void report_late();
  bool has_attempt(Index message) const;
  void start_attempts(Channel channel, MonoTime now);
  void start(Index job, MonoTime now);
  std::optional<MonoTime> next_wake(MonoTime now) const;

  // Parts of settle().
  std::optional<Flight> land(AttemptId attempt);
  const Settled& conclude(Index job, MonoTime now);
  MonoTime retry_time(const Job& job, MonoTime began, MonoTime now) const;
  void judge_recipients(const Job& job, std::span<const mail::Verdict> verdicts, MonoTime began);

  Policy policy_;
  Jobs jobs_;
  Messages messages_;
  boost::unordered_flat_set<Index, ById, ById> by_id_;
  LaneBoard board_;
  DueHeap sleeping_;
  using Calendars = std::array<ExpiryCalendar, kTerms>;  // by Terms
  Calendars calendars_;
  Calendars warnings_;           // of messages that are yet to be late
  std::vector<MessageId> late_;  // to be judged by the next plan()
  boost::unordered_flat_map<std::uint64_t, Flight> flights_;
  std::uint64_t serial_ = 0;
  MonoTime now_ = MonoTime::min();
  Counts sleeping_count_{};
  Counts held_count_{};
  Plan plan_;
  Settled settled_;
  std::string settled_destination_;
  std::vector<std::uint32_t> deferred_;
};

}  // namespace sluice::schedule
