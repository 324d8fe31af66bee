#include "json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace sluice::qtop {

namespace {

using monitor::QueueState;
using nlohmann::json;

json channel_of(const monitor::ChannelFigures& channel) {
  return {
      {"in_flight", channel.in_flight}, {"limit", channel.limit}, {"waiting", channel.waiting}, {"held", channel.held}};
}

json rates_of(const std::optional<monitor::Rates>& rates) {
  if (!rates) return nullptr;
  const auto rounded = [](double rate) { return std::round(rate * 1000) / 1000; };
  return {{"taken", rounded(rates->taken)},
          {"delivered", rounded(rates->delivered)},
          {"deferred", rounded(rates->deferred)},
          {"failed", rounded(rates->failed)}};
}

std::string_view name_of(QueueState state) {
  switch (state) {
    case QueueState::kRunning:
      return "running";
    case QueueState::kRetired:
      return "retired";
    case QueueState::kSilent:
      return "silent";
  }
  return "?";
}

json queue_of(const monitor::QueueFigures& queue) {
  json object = {{"queue", queue.name}, {"number", queue.number}, {"state", name_of(queue.state)}};
  if (queue.state == QueueState::kSilent) object["error"] = queue.trouble;
  if (queue.state != QueueState::kRunning) return object;
  object["offered"] = queue.offered;
  object["disabled"] = queue.disabled;
  object["pid"] = queue.pid;
  object["messages"] = queue.messages;
  object["load"] = queue.load;
  object["lanes"] = queue.lanes;
  object["local"] = channel_of(queue.local);
  object["remote"] = channel_of(queue.remote);
  object["lmtp"] = channel_of(queue.lmtp);
  object["totals"] = {{"taken", queue.totals.taken},
                      {"delivered", queue.totals.delivered},
                      {"deferred", queue.totals.deferred},
                      {"failed", queue.totals.failed}};
  object["rates"] = rates_of(queue.rates);
  return object;
}

json lane_of(const monitor::LaneFigures& lane) {
  return {{"queue", lane.queue},         {"channel", lane.channel}, {"destination", lane.destination},
          {"in_flight", lane.in_flight}, {"window", lane.window},   {"jobs", lane.jobs},
          {"reason", lane.reason}};
}

}  // namespace

std::string json_text(const monitor::Snapshot& snapshot) {
  json queues = json::array(), lanes = json::array();
  for (const auto& queue : snapshot.queues) queues.push_back(queue_of(queue));
  for (const auto& lane : snapshot.lanes) lanes.push_back(lane_of(lane));
  const monitor::Sum sum = monitor::sum_of(snapshot);
  json object = {{"time", to_seconds(snapshot.at)}, {"home", snapshot.home},        {"dynamic", snapshot.dynamic},
                 {"messages", sum.messages},        {"rates", rates_of(sum.rates)}, {"queues", std::move(queues)},
                 {"lanes", std::move(lanes)}};
  if (!snapshot.log_name.empty()) object["log"] = {{"file", snapshot.log_name}, {"lines", snapshot.log}};
  return object.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::qtop
