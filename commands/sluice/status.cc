// sluice status: the daemons of the instance, and what each queue holds and does.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/span_text.h"
#include "command.h"
#include "core/queue/layout.h"
#include "shown.h"
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

void print_fleet(const json& fleet) {
  if (!fleet.is_object()) return;
  const int count = fleet.value("count", 0);
  if (fleet.value("group", "default") != "default") fmt::print("group {}: ", fleet.value("group", "?"));
  fmt::print("{} queues: {} in use", fleet.value("mode", "?"), count);
  if (fleet.value("mode", "") == "dynamic") {
    fmt::print(", {} to {} allowed{}, average load {:.2f} of {}", fleet.value("floor", 0), fleet.value("ceiling", 0),
               fleet.value("keep_count", false) ? " (kept)" : "", fleet.value("load", 0.0),
               fleet.value("threshold", 0));
    if (const int offered = fleet.value("offered", count); offered < count) fmt::print(", {} offered", offered);
  }
  fmt::print("\n");
  if (fleet.contains("trouble")) fmt::print("  trouble: {}\n", fleet.value("trouble", "?"));
}

void print_child(const json& child) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  fmt::print("  {:<14} {:<14} pid {:<7} {:<10} for {:<8} restarts {}\n", child.value("name", "?"),
             child.value("role", "?"), child.value("pid", 0), child.value("state", "?"),
             span_text(now - child.value("since", now)), child.value("restarts", 0));
  if (child.contains("trouble")) fmt::print("    trouble: {}\n", child.value("trouble", "?"));
  for (const json& neighbour : child.value("neighbours", json::array())) {
    const std::string trouble = neighbour.value("trouble", "");
    fmt::print("    {:<14} pid {:<7} {:<10} restarts {}{}{}\n", neighbour.value("name", "?"), neighbour.value("pid", 0),
               neighbour.value("state", "?"), neighbour.value("restarts", 0), trouble.empty() ? "" : ": ", trouble);
  }
}

// What the qmail-send of a queue says of it, or why there is nothing to say.
json answer_of(const settings::Settings& settings, const json& child, bool& answered) {
  const std::string name = child.value("name", "?");
  json answer = {{"queue", name}};
  if (child.value("pid", 0) > 0) {
    const auto answers = ask_all(queue::control_socket(settings.run_dir, name), "status");
    answered = answers.has_value();
    if (answers && answers->size() == 1) return answers->front();
    answer["error"] = answers ? "no answer" : answers.error();
    return answer;
  }
  answered = false;
  answer["error"] = child.value("state", "?");
  if (child.contains("trouble"))
    answer["error"] = fmt::format("{}: {}", child.value("state", "?"), child.value("trouble", "?"));
  return answer;
}

// "recipient contains x, sender does not contain y"
std::string selector_text(const json& selector) {
  std::string text;
  for (const json& test : selector.value("tests", json::array()))
    text += fmt::format("{}{} {} \"{}\"", text.empty() ? "" : ", ", test.value("field", "?"),
                        test.value("negated", false) ? "without" : "with", shown(test.value("text", "")));
  if (const std::string view = selector.value("view", "normal"); view != "normal")
    text += fmt::format("{}{} messages", text.empty() ? "" : ", ", view);
  return text.empty() ? "everything" : text;
}

void print_run(const json& run) {
  const auto count = [&run](const char* name) { return run.value(name, std::uint64_t{0}); };
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  fmt::print("  run {} ({}) of {}, by {}: {}", shown(run.value("run", "?")), run.value("trigger", "?"),
             selector_text(run.value("selector", json::object())), shown(run.value("by", "?")),
             run.value("stage", "?"));
  if (run.contains("since")) fmt::print(" for {}", span_text(now - run.value("since", now)));
  if (run.value("stage", "") == "selecting") fmt::print(", {} messages looked at", count("looked"));
  fmt::print(", {} selected, {} begun, {} under way; recipients delivered {}, deferred {}, failed {}\n",
             count("selected"), count("begun"), count("under_way"), count("delivered"), count("deferred"),
             count("failed"));
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
  for (const json& run : queue.value("runs", json::array())) print_run(run);
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
  const auto fleet = ask_all(queue::supervisor_socket(settings.run_dir), "fleet");
  if (fleet && !fleet->empty()) {
    all["fleet"] = fleet->front();  // of the default group
    all["groups"] = *fleet;
  }
  for (const json& child : *children) {
    if (child.value("role", "") != "queue") continue;
    bool answered = false;
    all["queues"].push_back(answer_of(settings, child, answered));
    // A queue that drains may have ended since.
    if (!answered && !child.value("draining", false)) invocation.status = kExitUnavailable;
  }
  if (as_json) {
    fmt::print("{}\n", all.dump(2));
    return;
  }
  fmt::print("{}\n", settings.home);
  for (const json& group : all.value("groups", json::array())) print_fleet(group);
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
