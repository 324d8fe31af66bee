// sluice queue: every message that is still here, oldest first, with why and when next.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/span_text.h"
#include "command.h"
#include "core/queue/layout.h"
#include "core/supervise/queue_set.h"
#include "system/ipc/control.h"
#include "system/observe/queues.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

constexpr int kExitUnavailable = 69;

std::string size_text(std::uint64_t octets) {
  if (octets < 10'000) return std::to_string(octets);
  if (octets < 10'000'000) return fmt::format("{}k", octets / 1024);
  return fmt::format("{}M", octets / (1024 * 1024));
}

// The waiting recipients; those that are done only say so.
void append_recipient(std::string& out, const json& recipient, std::int64_t now) {
  const std::string state = recipient.value("state", "?");
  out += fmt::format("    {} {}", recipient.value("channel", "?"), recipient.value("address", "?"));
  if (state == "delivered" || state == "failed") {
    out += fmt::format("  {}\n", state);
    return;
  }
  const std::string reason = recipient.value("reason", "new");
  out += fmt::format("  {}", reason);
  const json held_by = recipient.value("held_by", json::object());
  for (const auto& [queue, deliveries] : held_by.items()) out += fmt::format(", {} by {}", deliveries.dump(), queue);
  const std::int64_t next = recipient.value("next", now) - now;
  if (reason != "in-flight" && next > 0) out += fmt::format(", next in {}", span_text(next));
  out += '\n';
  const std::string text = recipient.value("text", "");
  if (!text.empty()) out += fmt::format("      {}\n", text);
}

void append_message(std::string& out, const json& message, std::int64_t now) {
  out += fmt::format("{:<18} {:>8} {:>7}  <{}>\n", message["id"].get<std::uint64_t>(),
                     span_text(now - message.value("arrival", now)), size_text(message.value("size", std::uint64_t{0})),
                     message.value("sender", ""));
  for (const json& recipient : message["recipients"]) append_recipient(out, recipient, now);
}

void list(Invocation& invocation, bool as_json) {
  const auto loaded = invocation.load();
  if (!loaded) return;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  std::size_t messages = 0;
  if (!as_json) fmt::print("{:<18} {:>8} {:>7}  {}\n", "ID", "AGE", "SIZE", "SENDER, RECIPIENTS, WHY AND WHEN NEXT");
  for (const observe::Queue& queue : observe::queues_of(loaded->settings)) {
    std::string out;
    const auto asked = ipc::ask(queue.control, {{"what", "queue"}}, [&](Octets text) {
      ++messages;
      if (as_json)
        out.append(text).append("\n");
      else if (const json message = json::parse(text, nullptr, false); message.is_object())
        append_message(out, message, now);
      if (out.size() > 60'000) {
        std::fwrite(out.data(), 1, out.size(), stdout);
        out.clear();
      }
    });
    std::fwrite(out.data(), 1, out.size(), stdout);
    if (!asked && !observe::is_retired(queue))
      invocation.fail(kExitUnavailable, fmt::format("{}: {}", queue.name, asked.error()));
  }
  if (!as_json && invocation.status == 0) fmt::print("{} message{}\n", messages, messages == 1 ? "" : "s");
}

// "queue2" or "2".
std::optional<unsigned> number_in(const std::string& text) {
  return supervise::number_of_queue(text.starts_with("queue") ? text : "queue" + text);
}

void pause(Invocation& invocation, const std::string& queue, bool on) {
  const auto loaded = invocation.load();
  if (!loaded) return;
  const auto number = number_in(queue);
  if (!number) return invocation.fail(kExitUsage, fmt::format("{} is neither a queue nor its number", queue));
  const auto asked = ipc::ask(queue::supervisor_socket(loaded->settings.run_dir),
                              {{"what", "pause"}, {"queue", *number}, {"on", on}}, [](Octets) {});
  if (!asked) invocation.fail(kExitUnavailable, asked.error());
}

void add_pause(CLI::App& queue, Invocation& invocation, const char* name, const char* text, bool on) {
  auto* command = queue.add_subcommand(name, text);
  auto number = std::make_shared<std::string>();
  command->add_option("queue", *number, "The queue or its number")->required();
  command->callback([&invocation, number, on] { pause(invocation, *number, on); });
}

}  // namespace

void add_queue(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("queue", "Lists the messages that are in the queues, and why");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print one JSON object a line for each message");
  add_pause(*command, invocation, "pause", "Starts no deliveries of a queue any more", true);
  add_pause(*command, invocation, "resume", "Starts them again", false);
  command->callback([command, &invocation, as_json] {
    if (command->get_subcommands().empty()) list(invocation, *as_json);
  });
}

}  // namespace sluice::commands
