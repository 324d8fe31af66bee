#include "core/monitor/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::monitor {

namespace {

std::optional<Rates> rates_between(const Totals& before, const Totals& now, Duration span) {
  if (span.count() <= 0 || now.taken < before.taken || now.delivered < before.delivered ||
      now.deferred < before.deferred || now.failed < before.failed)
    return std::nullopt;
  const auto rate = [&](std::uint64_t from, std::uint64_t to) {
    return 1000.0 * static_cast<double>(to - from) / static_cast<double>(span.count());
  };
  return Rates{rate(before.taken, now.taken), rate(before.delivered, now.delivered),
               rate(before.deferred, now.deferred), rate(before.failed, now.failed)};
}

void add(ChannelFigures& sum, const ChannelFigures& channel) {
  sum.in_flight += channel.in_flight;
  sum.limit += channel.limit;
  sum.waiting += channel.waiting;
}

}  // namespace

void set_rates(Snapshot& now, const Snapshot& before, Duration span) {
  for (QueueFigures& queue : now.queues) {
    const auto earlier = std::find_if(before.queues.begin(), before.queues.end(),
                                      [&](const QueueFigures& other) { return other.number == queue.number; });
    queue.rates.reset();
    if (earlier == before.queues.end() || earlier->pid != queue.pid || queue.state != QueueState::kRunning ||
        earlier->state != QueueState::kRunning)
      continue;
    queue.rates = rates_between(earlier->totals, queue.totals, span);
  }
}

std::vector<LaneFigures> busiest(std::vector<LaneFigures> lanes, std::size_t most) {
  const auto key = [](const LaneFigures& lane) { return std::tie(lane.channel, lane.destination); };
  std::stable_sort(lanes.begin(), lanes.end(),
                   [&](const LaneFigures& a, const LaneFigures& b) { return key(a) < key(b); });
  std::vector<LaneFigures> merged;
  std::size_t parts = 0;
  std::uint64_t most_jobs = 0;  // the reason of the largest part is shown
  for (LaneFigures& lane : lanes) {
    if (merged.empty() || key(merged.back()) != key(lane)) {
      most_jobs = lane.jobs;
      parts = 1;
      merged.push_back(std::move(lane));
      continue;
    }
    LaneFigures& sum = merged.back();
    sum.in_flight += lane.in_flight;
    sum.window += lane.window;
    sum.jobs += lane.jobs;
    if (lane.jobs > most_jobs) {
      most_jobs = lane.jobs;
      sum.reason = std::move(lane.reason);
    }
    sum.queue = fmt::format("{} queues", ++parts);
  }
  std::stable_sort(merged.begin(), merged.end(), [](const LaneFigures& a, const LaneFigures& b) {
    return std::tie(b.in_flight, b.jobs) < std::tie(a.in_flight, a.jobs);
  });
  merged.resize(std::min(most, merged.size()));
  return merged;
}

Sum sum_of(const Snapshot& snapshot) {
  Sum sum;
  for (const QueueFigures& queue : snapshot.queues) {
    if (queue.state == QueueState::kSilent) ++sum.silent;
    if (queue.state == QueueState::kRetired) ++sum.retired;
    if (queue.state != QueueState::kRunning) continue;
    ++sum.running;
    if (queue.offered && !queue.disabled) ++sum.offered;
    sum.messages += queue.messages;
    add(sum.local, queue.local);
    add(sum.remote, queue.remote);
    add(sum.lmtp, queue.lmtp);
    if (!queue.rates) continue;
    if (!sum.rates) sum.rates.emplace();
    sum.rates->taken += queue.rates->taken;
    sum.rates->delivered += queue.rates->delivered;
    sum.rates->deferred += queue.rates->deferred;
    sum.rates->failed += queue.rates->failed;
  }
  return sum;
}

}  // namespace sluice::monitor
