#include "system/observe/queue_answers.h"

#include <nlohmann/json.hpp>

#include "system/ipc/control.h"

namespace sluice::observe {

namespace {

using nlohmann::json;

constexpr Duration kPatience{10'000};

// What is no object has no members.
json member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? json() : *found;
}

std::uint64_t number(const json& object, const char* name) {
  const json value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

bool flag(const json& object, const char* name) {
  const json value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::string text(const json& object, const char* name) {
  const json value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

monitor::ChannelFigures channel(const json& object, const char* name) {
  const json status = member(object, name);
  monitor::ChannelFigures figures{number(status, "in_flight"), number(status, "limit"), 0, flag(status, "held")};
  const json waiting = member(status, "waiting");
  if (!waiting.is_object()) return figures;
  for (const auto& [reason, jobs] : waiting.items())
    if (reason != "in-flight" && jobs.is_number_unsigned()) figures.waiting += jobs.get<std::uint64_t>();
  return figures;
}

monitor::QueueFigures figures_in(const json& answer) {
  monitor::QueueFigures figures;
  figures.messages = number(answer, "messages");
  figures.load = number(answer, "load");
  figures.lanes = number(answer, "lanes");
  figures.local = channel(answer, "local");
  figures.remote = channel(answer, "remote");
  figures.lmtp = channel(answer, "lmtp");
  const json totals = member(answer, "figures");
  figures.totals = {number(totals, "taken"), number(totals, "delivered"), number(totals, "deferred"),
                    number(totals, "failed")};
  const json daemons = member(answer, "daemons");
  if (daemons.is_array() && !daemons.empty()) figures.pid = number(daemons.front(), "pid");  // qmail-send's own
  return figures;
}

// The reason of a lane is that of the jobs that are due. Where none is, all of them are under way or not due yet.
std::string reason_of(const json& lane) {
  const std::string reason = text(lane, "reason");
  if (reason != "none" || number(lane, "ready") > 0) return reason;
  return number(lane, "jobs") > number(lane, "in_flight") ? "retry-time" : "-";
}

monitor::LaneFigures lane_in(const json& answer) {
  return {.queue = text(answer, "queue"),
          .channel = text(answer, "channel"),
          .destination = text(answer, "destination"),
          .in_flight = number(answer, "in_flight"),
          .window = number(answer, "window"),
          .jobs = number(answer, "jobs"),
          .reason = reason_of(answer)};
}

monitor::ListedChannel channel_named(std::string_view name) {
  if (name == "local") return monitor::ListedChannel::kLocal;
  return name == "lmtp" ? monitor::ListedChannel::kLmtp : monitor::ListedChannel::kRemote;
}

monitor::ListedMessage message_in(const json& answer) {
  monitor::ListedMessage message;
  message.number = number(answer, "id");
  const json arrival = member(answer, "arrival");
  if (arrival.is_number_integer()) message.arrival = arrival.get<std::int64_t>();
  message.octets = number(answer, "size");
  message.sender = text(answer, "sender");
  const json recipients = member(answer, "recipients");
  if (!recipients.is_array()) return message;
  for (const json& recipient : recipients) {
    const std::string state = text(recipient, "state");
    message.bouncing |= state == "failed";
    message.recipients.push_back({channel_named(text(recipient, "channel")), text(recipient, "address"),
                                  state == "failed" || state == "delivered"});
  }
  return message;
}

// Calls `each` with every answer that is a JSON object.
Result<void, std::string> ask(const Queue& queue, const json& query, Duration patience,
                              const std::function<void(const json&)>& each) {
  return ipc::ask(
      queue.control, query,
      [&](Octets octets) {
        const json answer = json::parse(octets, nullptr, false);
        if (answer.is_object()) each(answer);
      },
      patience);
}

}  // namespace

Result<monitor::QueueFigures, std::string> ask_figures(const Queue& queue, Duration patience) {
  monitor::QueueFigures figures;
  const auto asked =
      ask(queue, {{"what", "status"}}, patience, [&](const json& answer) { figures = figures_in(answer); });
  if (!asked) return fail(asked.error());
  figures.number = queue.number;
  figures.name = queue.name;
  return figures;
}

Result<std::vector<monitor::LaneFigures>, std::string> ask_lanes(const Queue& queue, std::size_t most,
                                                                 Duration patience) {
  std::vector<monitor::LaneFigures> lanes;
  const auto asked = ask(queue, {{"what", "lanes"}, {"busiest", most}}, patience,
                         [&](const json& answer) { lanes.push_back(lane_in(answer)); });
  if (!asked) return fail(asked.error());
  return lanes;
}

Result<void, std::string> ask_messages(const Queue& queue,
                                       const std::function<void(const monitor::ListedMessage&)>& each) {
  return ask(queue, {{"what", "queue"}}, kPatience, [&](const json& answer) { each(message_in(answer)); });
}

}  // namespace sluice::observe
