#include "core/schedule/flows.h"

#include <algorithm>

namespace sluice::schedule {
namespace {

std::uint64_t key_of(Index lane, Index flow) { return std::uint64_t{lane} << 32 | flow; }

}  // namespace

Index FlowNames::intern(std::string_view name) {
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) {
    ++flows_[known->second].references;
    return known->second;
  }
  const auto weight = weights_.find(std::string(name));
  const Index flow = flows_.add({std::string(name), 1, weight == weights_.end() ? 1 : weight->second});
  by_name_.emplace(flows_[flow].name, flow);
  return flow;
}

void FlowNames::release(Index flow) {
  if (--flows_[flow].references != 0) return;
  by_name_.erase(std::string_view(flows_[flow].name));
  flows_.remove(flow);
  if (by_name_.empty()) by_name_ = {};
}

void FlowNames::set_weights(const std::vector<FlowWeight>& weights) {
  weights_.clear();
  for (const FlowWeight& given : weights) weights_[given.flow] = std::max<std::uint32_t>(given.weight, 1);
  flows_.for_each([this](Index, Flow& flow) {
    const auto given = weights_.find(flow.name);
    flow.weight = given == weights_.end() ? 1 : given->second;
  });
}

Index Flows::queue_for(Index lane, LaneRound& round, Index flow) {
  const auto [known, fresh] = by_lane_and_flow_.try_emplace(key_of(lane, flow), kNowhere);
  if (!fresh) return known->second;
  const Index queue = queues_.add({});
  known->second = queue;
  queues_[queue].lane = lane;
  queues_[queue].flow = flow;
  queues_[queue].fresh = true;
  names_.add_reference(flow);
  round.fresh.push_back(queues_, queue);
  return queue;
}

void Flows::push(Index lane, LaneRound& round, Index flow, Index job) {
  queues_[queue_for(lane, round, flow)].jobs.push_back(jobs_, job);
}

void Flows::put_back(Index lane, LaneRound& round, Index flow, Index job) {
  queues_[queue_for(lane, round, flow)].jobs.push_front(jobs_, job);
}

Index Flows::take(LaneRound& round) {
  const bool backlog_first = round.last_was_fresh || round.fresh.empty();
  const Index job = backlog_first ? take_backlog(round) : take_fresh(round);
  if (job != kNowhere) return job;
  return backlog_first ? take_fresh(round) : take_backlog(round);
}

Index Flows::next(LaneRound& round) {
  const bool backlog_first = round.last_was_fresh || round.fresh.empty();
  const Index job = first_in(backlog_first ? round.backlog : round.fresh);
  return job != kNowhere ? job : first_in(backlog_first ? round.fresh : round.backlog);
}

Index Flows::first_in(Round& flows) {
  while (!flows.empty() && queues_[flows.head()].jobs.empty()) drop(flows, flows.head());
  return flows.empty() ? kNowhere : queues_[flows.head()].jobs.head();
}

Index Flows::take_fresh(LaneRound& round) {
  while (!round.backlog.empty() && queues_[round.backlog.head()].jobs.empty())
    drop(round.backlog, round.backlog.head());
  const bool overtakes = !round.backlog.empty();
  while (!round.fresh.empty()) {
    const Index index = round.fresh.head();
    FlowQueue& queue = queues_[index];
    if (queue.jobs.empty()) {
      drop(round.fresh, index);
      continue;
    }
    const Index job = queue.jobs.head();
    queue.jobs.erase(jobs_, job);
    round.fresh.erase(queues_, index);
    round.backlog.push_back(queues_, index);
    queue.fresh = false;
    queue.credit = 0;
    round.last_was_fresh = overtakes;
    return job;
  }
  return kNowhere;
}

Index Flows::take_backlog(LaneRound& round) {
  while (!round.backlog.empty()) {
    const Index index = round.backlog.head();
    FlowQueue& queue = queues_[index];
    if (queue.jobs.empty()) {
      drop(round.backlog, index);
      continue;
    }
    if (queue.credit == 0) queue.credit = names_.weight(queue.flow);
    const Index job = queue.jobs.head();
    queue.jobs.erase(jobs_, job);
    if (--queue.credit == 0 || queue.jobs.empty()) {
      queue.credit = 0;
      round.backlog.erase(queues_, index);
      round.backlog.push_back(queues_, index);
    }
    round.last_was_fresh = false;
    return job;
  }
  return kNowhere;
}

void Flows::erase(Index lane, Index flow, Index job) {
  queues_[by_lane_and_flow_.find(key_of(lane, flow))->second].jobs.erase(jobs_, job);
}

void Flows::clear(LaneRound& round) {
  while (!round.fresh.empty()) drop(round.fresh, round.fresh.head());
  while (!round.backlog.empty()) drop(round.backlog, round.backlog.head());
  round.last_was_fresh = false;
}

void Flows::drop(Round& from, Index queue) {
  const FlowQueue gone = queues_[queue];
  from.erase(queues_, queue);
  by_lane_and_flow_.erase(key_of(gone.lane, gone.flow));
  queues_.remove(queue);
  names_.release(gone.flow);
  if (by_lane_and_flow_.empty()) by_lane_and_flow_ = {};
}

}  // namespace sluice::schedule
