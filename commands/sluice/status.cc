// sluice status: the daemons of the instance, and what each queue holds and does.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "command.h"
#include "core/queue/layout.h"
#include "queues.h"
#include "system/ipc/control.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

constexpr int kExitUnavailable = 69;

// One object of the daemon at `path`, or a sentence why there is none.
Result<std::vector<json>, std::string> ask_all(const std::string& path, const char* what) {
  std::vector<json> answers;
  const auto asked =
      ipc::ask(path, {{"what", what}}, [&](Octets text) { answers.push_back(json::parse(text, nullptr, false)); });
  if (!asked) return fail(asked.error());
  return answers;
}

void print_child(const json& child) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  fmt::print("  {:<14} {:<14} pid {:<7} {:<10} for {:<8} restarts {}\n", child.value("name", "?"),
             child.value("role", "?"), child.value("pid", 0), child.value("state", "?"),
             span_text(now - child.value("since", now)), child.value("restarts", 0));
}

void print_queue(const json& queue) {
  const json& local = queue["local"];
  const json& remote = queue["remote"];
  const json lmtp = queue.value("lmtp", json::object());  // an older daemon does not say
  fmt::print("{}: {} message{}, load {}, local {}/{}, remote {}/{}, lmtp {}/{}, lanes {}\n", queue.value("queue", "?"),
             queue.value("messages", 0), queue.value("messages", 0) == 1 ? "" : "s", queue.value("load", 0),
             local.value("in_flight", 0), local.value("limit", 0), remote.value("in_flight", 0),
             remote.value("limit", 0), lmtp.value("in_flight", 0), lmtp.value("limit", 0), queue.value("lanes", 0));
  for (const char* channel : {"local", "remote", "lmtp"}) {
    const json waiting = queue.value(channel, json::object()).value("waiting", json::object());
    for (const auto& [reason, jobs] : waiting.items())
      if (reason != "in-flight") fmt::print("  {:<6} waiting for {}: {}\n", channel, reason, jobs.dump());
  }
  fmt::print("  daemons:");
  for (const json& daemon : queue["daemons"]) fmt::print(" {} {}", daemon.value("name", "?"), daemon.value("pid", 0));
  fmt::print("\n");
}

void status(Invocation& invocation, bool as_json) {
  const auto loaded = invocation.load();
  if (!loaded) return;
  const settings::Settings& settings = loaded->settings;
  json all = {{"home", settings.home}, {"children", json::array()}, {"queues", json::array()}};
  const auto children = ask_all(queue::supervisor_socket(settings.run_dir), "status");
  if (!children) {
    invocation.fail(kExitUnavailable, fmt::format("{} is not running: {}", settings.home, children.error()));
    return;
  }
  all["children"] = *children;
  for (const QueueName& queue : queues_of(settings)) {
    const auto answers = ask_all(queue.control, "status");
    if (answers && answers->size() == 1)
      all["queues"].push_back(answers->front());
    else
      all["queues"].push_back({{"queue", queue.name}, {"error", answers ? "no answer" : answers.error()}});
    if (!answers) invocation.status = kExitUnavailable;
  }
  if (as_json) {
    fmt::print("{}\n", all.dump(2));
    return;
  }
  fmt::print("{}\n", settings.home);
  for (const json& child : all["children"]) print_child(child);
  for (const json& queue : all["queues"]) {
    if (queue.contains("error"))
      fmt::print("{}: not answering: {}\n", queue.value("queue", "?"), queue.value("error", "?"));
    else
      print_queue(queue);
  }
}

}  // namespace

void add_status(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("status", "Shows the daemons of the instance and what each queue does");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print one JSON object");
  command->callback([&invocation, as_json] { status(invocation, *as_json); });
}

}  // namespace sluice::commands
