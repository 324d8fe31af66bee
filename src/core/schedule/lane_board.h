// LaneBoard: all lanes, and for each the one thing that its ready jobs wait for. It decides which job goes next in a
// channel; it knows nothing of retry times and of what becomes of recipients (Scheduler).
//
// A lane stands in at most one place: in line for its channel's slots (Reason::kChannelSlot), in the heap of timers
// (kLaneRate, kLaneBackoff), or nowhere, to be looked at again by the event that frees it (an attempt ending, a
// command, a call from another queue). refresh() is the only function that moves it, and every change to a lane ends
// with it. A lane without jobs
// goes away, unless it is suspended or has something to remember: a back-off, or a rate that was used.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/schedule/channel_slots.h"
#include "core/schedule/due_heap.h"
#include "core/schedule/flows.h"
#include "core/schedule/lane.h"
#include "core/schedule/policy.h"
#include "core/schedule/records.h"
#include "core/schedule/shared_limits.h"

namespace sluice::schedule {

class LaneBoard {
 public:
  // Without `shared` the limits of lanes are this queue's own.
  LaneBoard(Jobs& jobs, Messages& messages, const Policy& policy, SharedLimits* shared);

  // Names. A lane lives at least as long as a job refers to it: lane_for() and join() add a reference, leave() gives it
  // back.
  Index lane_for(LaneKey key);
  void join(Index lane) { ++lanes_[lane].jobs; }
  void leave(Index lane, MonoTime now);
  Index find(LaneKey key) const;  // kNowhere: no such lane now
  const Lane& operator[](Index lane) const { return lanes_[lane]; }
  std::size_t size() const { return lanes_.size(); }
  template <class Visitor>
  void for_each(Visitor&& visit) {
    lanes_.for_each(visit);
  }
  Flows& flows() { return flows_; }
  const Flows& flows() const { return flows_; }

  // Jobs that could go now. enqueue() of a job that is past its lifetime, in a lane in back-off, puts it among the
  // expiring instead.
  void enqueue(Index job, MonoTime now);
  void withdraw(Index job, MonoTime now);
  JobList& expiring() { return expiring_; }
  // The lifetime of the job's message ended (Message::overdue is set by the caller) while the job waited here.
  void became_overdue(Index job, MonoTime now);
  // The opposite, after lifetimes were lengthened, for a job that is still in its queue.
  void no_longer_overdue(Index job) { --lanes_[jobs_[job].lane].overdue; }

  // Jobs that are not enqueued, because they wait for a queue run; `state` is kAwaitsRun or kAwaitsLaneRun
  // (parking.cc). park() takes back what an earlier run allowed.
  void park(Index job, Job::State state, MonoTime now);
  void unpark(Index job);
  // What is ready in a lane that goes into back-off is parked in slices: the next one. more_to_park(): there is
  // another.
  void park_more(MonoTime now);
  bool more_to_park() const { return !to_park_.empty(); }
  // Puts a job that is nowhere among the expiring.
  void expire(Index job);

  // Counts each time that ready jobs came to wait for something that may not come: see Scheduler::stalls().
  std::uint64_t stalls() const { return stalls_; }
  void count_stall() { ++stalls_; }

  // The load of the machine (parking.cc). Jobs that are too large for it are set aside when their turn comes; those
  // that no longer are come back, at most `most` at a time; more_fit() says whether there are others.
  void set_load(double load);
  bool more_fit() const;
  void wake_fitting(MonoTime now, std::size_t most);

  // The next job of a channel whose attempt may start now, taken out of its queue; kNowhere: none. It must be followed
  // by started(), after put_back() if only part of the job goes.
  Index take(Channel channel, MonoTime now);
  void put_back(Index job);
  void started(Index lane, std::uint64_t serial, MonoTime now);
  // The attempt `serial` of a lane ended; nullopt: without telling anything about the destination.
  void ended(Index lane, std::uint64_t serial, std::optional<mail::Trouble> trouble, std::uint64_t latest,
             MonoTime now);

  // Lanes whose time has come, at most `most` of them.
  std::optional<MonoTime> next_timer() const;
  void fire_timers(MonoTime now, std::size_t most);

  // A slot of the limit of a lane that waits for it was reserved; kNoRow: perhaps of any.
  void limit_freed(SharedLimits::Row row, MonoTime now);
  std::vector<SharedLimits::Holder> holders(const Lane& lane) const;

  // True: what waits for queue runs may have changed.
  bool set_policy(const Policy& policy, MonoTime now);
  void hold(Channel channel, bool held, MonoTime now);
  bool held(Channel channel) const { return held_[index_of(channel)]; }
  void suspend(LaneKey key, MonoTime now);
  bool resume(LaneKey key, MonoTime now);  // false: it was not suspended
  void probe_now(Index lane, MonoTime now);
  bool forget_backoff(LaneKey key, MonoTime now);  // false: it is not in back-off. The lane may be gone then

  const ChannelSlots& slots(Channel channel) const { return slots_[index_of(channel)]; }
  // Ready jobs of a channel that wait for `reason`.
  std::size_t waiting(Channel channel, Reason reason) const {
    return waiting_[index_of(channel)][static_cast<std::size_t>(reason)];
  }
  // When the thing that a lane waits for is over, if that is a time.
  std::optional<MonoTime> until(Index lane) const;
  std::size_t octets() const { return too_large_.octets(); }  // for single jobs

 private:
  struct Block {
    Reason reason = Reason::kNone;
    std::optional<MonoTime> until;
  };
  Block block_of(const Lane& lane, MonoTime now) const;
  void refresh(Index lane, MonoTime now);
  void refresh_all(Channel channel, MonoTime now);
  void stand_in_line(Index lane, bool wanted);
  void set_reason(Lane& lane, Reason reason);
  void set_timer(Index lane, std::optional<MonoTime> at);
  void count_ready(Lane& lane, bool overdue, bool added);
  void expire_overdue(Index lane);
  bool apply_policy(Lane& lane);
  // Waiting for queue runs and for the load (parking.cc).
  bool waits_for_runs(const Lane& lane) const;
  void park_ready(Index lane, MonoTime now);
  std::int64_t number_of(const Job& job) const;
  void set_aside_too_large(Index lane, MonoTime now);
  void set_aside(Index job);
  void wake_all_too_large(MonoTime now);
  WindowBounds window_of(const Lane& lane) const;
  // The limit that all queues share (shared_turns.cc).
  bool take_shared(Index lane, MonoTime now);
  void set_shared_turn(Index lane, SharedTurn turn);
  void keep_shared_turn(Index lane, Reason reason);
  void give_back_shared(Index lane);
  void look_at_shared(MonoTime now, bool aged);
  MonoTime remembers_until(const Lane& lane) const;
  void drop(Index lane);

  using Names = boost::unordered_flat_map<std::string_view, Index>;  // the keys are the destinations in lanes_

  Jobs& jobs_;
  Messages& messages_;
  const Policy* policy_;           // the scheduler's
  PriorityFactors factors_;        // of the policy before
  Retry retry_ = Retry::kBackoff;  // of the policy before
  Lanes lanes_;
  Flows flows_;
  std::array<Names, kChannels> names_;
  std::array<ChannelSlots, kChannels> slots_;
  std::array<bool, kChannels> held_{};
  std::array<std::array<std::size_t, kReasons>, kChannels> waiting_{};
  boost::unordered_flat_map<std::string, LaneRule> rules_;  // by channel and destination
  DueHeap timers_;
  DueHeap too_large_;                    // for the load; by priority number
  std::optional<double> load_;           // the last that was given
  std::optional<std::int64_t> largest_;  // number that may be tried; none: all
  JobList expiring_;
  std::vector<Index> to_park_;  // lanes that are `parking`
  std::uint64_t stalls_ = 0;
  SharedLimits* shared_;
  List<Lane, &Lane::shared_line> shared_line_;                  // those whose shared_turn is not kNone
  boost::unordered_flat_map<SharedLimits::Row, Index> by_row_;  // of these
  MonoTime shared_look_{};                                      // when they are looked at, called or not
};

}  // namespace sluice::schedule
