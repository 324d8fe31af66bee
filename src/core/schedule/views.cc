// Listings: why a message is still here, and what lanes and channels are doing.
#include "core/schedule/views.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "core/schedule/scheduler.h"

namespace sluice::schedule {
namespace {

Reason reason_of(const Job& job, const Lane& lane) {
  switch (job.state) {
    case Job::State::kSleeping:
      return Reason::kTime;
    case Job::State::kReady:
      return lane.reason;
    case Job::State::kInFlight:
      return Reason::kInFlight;
    case Job::State::kHeld:
      return Reason::kMessageHold;
    case Job::State::kExpiring:
      return Reason::kExpired;
    case Job::State::kAwaitsRun:
      return Reason::kQueueRun;
    case Job::State::kAwaitsLaneRun:
      return Reason::kExpensive;
    case Job::State::kAwaitsLoad:
      return Reason::kLoad;
  }
  return Reason::kNone;
}

LaneStatus status_of(const Lane& lane) {
  LaneStatus status;
  status.channel = lane.channel;
  status.destination = lane.destination;
  status.in_flight = lane.in_flight;
  status.window = lane.health.window().size();
  status.limit = lane.limit;
  status.ready = lane.ready;
  status.jobs = lane.jobs;
  status.reason = lane.reason;
  status.suspended = lane.suspended;
  status.hold = lane.hold;
  status.standing = lane.standing;
  status.failed_probes = lane.health.backoff().failures();
  if (!lane.health.in_backoff()) return status;
  status.backoff_since = lane.health.backoff().since();
  status.backoff_until = lane.health.backoff().until();
  return status;
}

bool busier(const Lane* a, const Lane* b) {
  return std::tie(b->in_flight, b->jobs, a->destination) < std::tie(a->in_flight, a->jobs, b->destination);
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kTime:
      return "retry-time";
    case Reason::kChannelSlot:
      return "channel-slot";
    case Reason::kLaneWindow:
      return "lane-window";
    case Reason::kLaneRate:
      return "lane-rate";
    case Reason::kLaneBackoff:
      return "lane-backoff";
    case Reason::kSuspension:
      return "suspended";
    case Reason::kChannelHold:
      return "channel-held";
    case Reason::kMessageHold:
      return "held";
    case Reason::kExpired:
      return "expired";
    case Reason::kInFlight:
      return "in-flight";
    case Reason::kInstanceLimit:
      return "instance-limit";
    case Reason::kQueueRun:
      return "queue-run";
    case Reason::kExpensive:
      return "expensive";
    case Reason::kLoad:
      return "load";
  }
  return "none";
}

std::optional<Explanation> Scheduler::explain(MessageId id) const {
  const Index index = find(id);
  if (index == kNowhere) return std::nullopt;
  const Message& message = messages_[index];
  Explanation explanation;
  explanation.birth = message.birth;
  explanation.expires = message.birth + lifetime_of(message);
  explanation.flow = board_.flows().names().name(message.flow);
  explanation.terms = message.terms;
  explanation.priority = message.priority();
  explanation.held = message.held;
  explanation.removed = message.removed;
  for (Index i = message.first_job; i != kNowhere; i = jobs_[i].next_of_message) {
    const Job& job = jobs_[i];
    const Lane& lane = board_[job.lane];
    Explanation::Job& line = explanation.jobs.emplace_back();
    line.channel = lane.channel;
    line.destination = lane.destination;
    line.recipients.assign(job.recipients.all().begin(), job.recipients.all().end());
    line.reason = reason_of(job, lane);
    if (line.reason == Reason::kTime) line.until = job.due;
    if (line.reason == Reason::kQueueRun || line.reason == Reason::kExpensive)
      if (const Duration young = still_young(job, {}, now_); young > Duration::zero()) line.until = now_ + young;
    if (job.state == Job::State::kReady) line.until = board_.until(job.lane);
    if (job.state == Job::State::kInFlight) line.attempt = AttemptId(job.serial());
    line.attempts = job.attempts;
    line.due = job.due;
    line.lane_in_flight = lane.in_flight;
    line.lane_ready = lane.ready;
    if (line.reason == Reason::kInstanceLimit) line.holders = board_.holders(lane);
  }
  return explanation;
}

ChannelStatus Scheduler::status(Channel channel) const {
  const std::size_t i = index_of(channel);
  ChannelStatus status;
  status.limit = board_.slots(channel).limit();
  status.in_flight = board_.slots(channel).in_flight();
  status.held = board_.held(channel);
  for (std::size_t reason = 0; reason < kReasons; ++reason)
    status.waiting[reason] = board_.waiting(channel, static_cast<Reason>(reason));
  status.waiting[static_cast<std::size_t>(Reason::kTime)] = sleeping_count_[i];
  status.waiting[static_cast<std::size_t>(Reason::kMessageHold)] = held_count_[i];
  status.waiting[static_cast<std::size_t>(Reason::kInFlight)] = status.in_flight;
  return status;
}

std::vector<LaneStatus> Scheduler::lane_statuses() {
  std::vector<LaneStatus> statuses;
  statuses.reserve(board_.size());
  board_.for_each([&](Index, const Lane& lane) { statuses.push_back(status_of(lane)); });
  return statuses;
}

std::vector<LaneStatus> Scheduler::busiest_lanes(std::size_t most) {
  std::vector<const Lane*> lanes;
  lanes.reserve(board_.size());
  board_.for_each([&](Index, const Lane& lane) { lanes.push_back(&lane); });
  const auto end = lanes.begin() + static_cast<std::ptrdiff_t>(std::min(most, lanes.size()));
  std::partial_sort(lanes.begin(), end, lanes.end(), busier);
  std::vector<LaneStatus> statuses;
  std::transform(lanes.begin(), end, std::back_inserter(statuses), [](const Lane* lane) { return status_of(*lane); });
  return statuses;
}

std::size_t Scheduler::octets() const {
  const std::size_t index = by_id_.bucket_count() * (sizeof(Index) + 1);  // and one octet of metadata each
  return messages_.octets() + jobs_.octets() + sleeping_.octets() + board_.octets() + index;
}

}  // namespace sluice::schedule
