// sluice queue explain: why messages are still here, what would free them, and when they go.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/span_text.h"
#include "queue_command.h"
#include "shown.h"
#include "waiting_for.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

// "2026-11-22 09:38:10 (in 6m39s)"
std::string when(std::int64_t time, std::int64_t now) {
  const std::time_t seconds = time;
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return std::to_string(time);
  const std::string span = time == now  ? "now"
                           : time > now ? fmt::format("in {}", span_text(time - now))
                                        : fmt::format("{} ago", span_text(now - time));
  return fmt::format("{:%Y-%m-%d %H:%M:%S} ({})", local, span);
}

std::string with_id(std::string_view text, std::uint64_t id) {
  std::string out(text);
  if (const auto at = out.find("{}"); at != out.npos) out.replace(at, 2, std::to_string(id));
  return out;
}

void print_waiting(const json& recipient, std::uint64_t id, std::int64_t now) {
  const std::string reason = recipient.value("reason", "none");
  const WaitingFor waiting = waiting_for(reason);
  fmt::print("      waits for {} ({})\n", waiting.what, reason);
  const json held_by = recipient.value("held_by", json::object());
  for (const auto& [queue, deliveries] : held_by.items()) fmt::print("        {} by {}\n", deliveries.dump(), queue);
  if (const std::string lane = recipient.value("lane", ""); !lane.empty()) {
    fmt::print("      destination {}", shown(lane));
    if (recipient.contains("lane_in_flight")) fmt::print(", {} under way", recipient.value("lane_in_flight", 0));
    if (recipient.contains("lane_ready")) fmt::print(", {} waiting as it does", recipient.value("lane_ready", 0));
    fmt::print("\n");
  }
  if (!waiting.freed.empty()) fmt::print("      freed by {}\n", with_id(waiting.freed, id));
  if (recipient.contains("last")) fmt::print("      tried last {}\n", when(recipient.value("last", now), now));
  const std::int64_t next = recipient.value("next", std::int64_t{0});
  if (next > now && (reason == "queue-run" || reason == "expensive"))
    fmt::print("      too young for a run before {}\n", when(next, now));
  else if (next > now && reason != "held")  // held, it has no time
    fmt::print("      goes {}\n", when(next, now));
  else if (reason == "none" || reason == "retry-time")
    fmt::print("      goes now\n");
}

void print_recipient(const json& recipient, std::uint64_t id, std::int64_t now) {
  const int attempts = recipient.value("attempts", 0);
  fmt::print("    {} {}: {}, {} attempt{}\n", recipient.value("channel", "?"), shown(recipient.value("address", "?")),
             recipient.value("state", "?"), attempts, attempts == 1 ? "" : "s");
  if (const std::string text = recipient.value("text", ""); !text.empty()) fmt::print("      {}\n", shown(text));
  if (const std::string state = recipient.value("state", ""); state != "delivered" && state != "failed")
    print_waiting(recipient, id, now);
}

void print_message(const json& message, const observe::Queue& queue, std::int64_t now) {
  const auto id = message.value("id", std::uint64_t{0});
  const std::int64_t arrival = message.value("arrival", now);
  fmt::print("{} from <{}>, {} octets, in {} of group {}\n", id, shown(message.value("sender", "")),
             message.value("size", std::uint64_t{0}), queue.name, queue.group);
  fmt::print("  came {}\n", when(arrival, now));
  if (const json held = message.value("held", json()); held.is_string())
    fmt::print("  held{}{}\n", held == "" ? "" : ": ", shown(held.get<std::string>()));
  else if (message.contains("expires"))
    fmt::print("  is returned to its sender after {}\n", when(message.value("expires", now), now));
  if (message.contains("priority"))
    fmt::print("  priority {} (the least goes first)\n", message.value("priority", std::int64_t{0}));
  for (const json& recipient : message.value("recipients", json::array())) print_recipient(recipient, id, now);
}

// As it is listed.
std::optional<std::uint64_t> id_of(const std::string& text) {
  std::uint64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  return error == std::errc() && stop == end && id > 0 ? std::optional(id) : std::nullopt;
}

struct Given {
  std::vector<std::string> ids;
  bool as_json = false;
};

void explain_one(Invocation& invocation, const std::vector<observe::Queue>& queues, std::uint64_t id, bool as_json) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  bool found = false;
  for (const observe::Queue& queue : queues) {
    ask_queue(invocation, queue, {{"what", "explain"}, {"id", id}}, [&](Octets text) {
      const json message = json::parse(text, nullptr, false);
      if (!message.is_object() || !message.contains("id")) return;
      found = true;
      if (as_json)
        fmt::print("{}\n", text);
      else
        print_message(message, queue, now);
    });
    if (found) return;
  }
  if (invocation.status == 0 || invocation.status == kExitNoInput)
    invocation.fail(kExitNoInput, fmt::format("no queue has a message {}", id));
}

void explain(Invocation& invocation, const Given& given) {
  std::vector<std::uint64_t> ids;
  for (const std::string& text : given.ids) {
    const auto id = id_of(text);
    if (!id) return invocation.fail(kExitUsage, fmt::format("\"{}\" is no id of a message", text));
    ids.push_back(*id);
  }
  const auto queues = all_queues(invocation);
  if (!queues) return;
  for (const std::uint64_t id : ids) explain_one(invocation, *queues, id, given.as_json);
}

}  // namespace

void add_queue_explain(CLI::App& queue, Invocation& invocation) {
  auto* command = queue.add_subcommand("explain", "Says why a message is still here, what would free it, when it goes");
  auto given = std::make_shared<Given>();
  command->add_option("id", given->ids, "Ids, as they are listed")->required();
  command->add_flag("--json", given->as_json, "Print one JSON object a line for each message");
  command->callback([&invocation, given] { explain(invocation, *given); });
}

}  // namespace sluice::commands
