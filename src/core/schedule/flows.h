// Flows: who sends. Inside a lane the slots are shared between flows by deficit round robin, so that a flow with
// 100,000 messages and one with a single message are equals. Within a flow jobs go first in, first out; a queue run
// that wants another order makes its jobs ready in that order.
//
// A flow that begins to wait goes to the front: it is "fresh" and is served at the lane's next free slot, unless the
// last one went to a fresh flow too while others had a backlog (fresh flows and backlogged ones alternate, so neither
// can shut out the other). After its first job it takes its turn among the backlogged, each of which has `weight` slots
// a turn. A flow that ran empty keeps its place in the round until its turn comes, so it does not become fresh by
// sending one message at a time.
//
// The bound that follows, where F flows have a backlog in a lane: a job that begins a flow's waiting goes at the lane's
// next free slot if F = 1, and after at most 2·k - 1 further slots if k flows became fresh at the same time.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/schedule/policy.h"
#include "core/schedule/records.h"

namespace sluice::schedule {

// The names of flows, each stored once while somebody refers to it.
class FlowNames {
 public:
  // Adds a reference to the flow of this name; gives it back with release().
  Index intern(std::string_view name);
  void add_reference(Index flow) { ++flows_[flow].references; }
  void release(Index flow);

  std::string_view name(Index flow) const { return flows_[flow].name; }
  std::uint32_t weight(Index flow) const { return flows_[flow].weight; }
  void set_weights(const std::vector<FlowWeight>& weights);
  std::size_t size() const { return flows_.size(); }

 private:
  struct Flow {
    std::string name;
    std::uint32_t references = 0;
    std::uint32_t weight = 1;
  };
  Slab<Flow> flows_;
  boost::unordered_flat_map<std::string_view, Index> by_name_;  // the keys are the names in flows_
  boost::unordered_flat_map<std::string, std::uint32_t> weights_;
};

// The jobs of one flow that wait in one lane.
struct FlowQueue {
  Links round;
  JobList jobs;
  Index lane = kNowhere;
  Index flow = kNowhere;
  std::uint32_t credit = 0;  // slots left in this turn
  bool fresh = false;        // in LaneRound::fresh, else in LaneRound::backlog
};
using Round = List<FlowQueue, &FlowQueue::round>;

// The flows of one lane.
struct LaneRound {
  Round fresh;
  Round backlog;
  bool last_was_fresh = false;  // and overtook a backlog
};

// The flow queues of all lanes. Each call names the lane and passes its round.
class Flows {
 public:
  explicit Flows(Jobs& jobs) : jobs_(jobs) {}
  FlowNames& names() { return names_; }
  const FlowNames& names() const { return names_; }

  void push(Index lane, LaneRound& round, Index flow, Index job);
  // Puts a job that was just taken back to the front of its flow (part of it went), at the cost of no further credit.
  void put_back(Index lane, LaneRound& round, Index flow, Index job);
  // Takes out the job whose turn it is, kNowhere if none waits.
  Index take(LaneRound& round);
  // The job whose turn it is, which take() would take out; kNowhere if none waits.
  Index next(LaneRound& round);
  // Takes out a job that waits.
  void erase(Index lane, Index flow, Index job);
  // Forgets the places of flows that ran empty. Only when no job waits in the lane.
  void clear(LaneRound& round);
  // Visits the waiting jobs of a lane; the visitor may not change the queues.
  template <class Visitor>
  void for_each(const LaneRound& round, Visitor&& visit) const {
    for (const Round* flows : {&round.fresh, &round.backlog})
      for (Index queue = flows->head(); queue != kNowhere; queue = queues_[queue].round.next)
        for (Index job = queues_[queue].jobs.head(); job != kNowhere; job = jobs_[job].place.next) visit(job);
  }
  std::size_t size() const { return queues_.size(); }

 private:
  Index queue_for(Index lane, LaneRound& round, Index flow);
  Index first_in(Round& flows);
  Index take_fresh(LaneRound& round);
  Index take_backlog(LaneRound& round);
  void drop(Round& from, Index queue);

  Jobs& jobs_;
  FlowNames names_;
  Slab<FlowQueue> queues_;
  boost::unordered_flat_map<std::uint64_t, Index> by_lane_and_flow_;
};

}  // namespace sluice::schedule
