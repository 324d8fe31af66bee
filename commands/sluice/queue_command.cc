#include "queue_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/select/queue_run.h"
#include "system/groups/groups.h"
#include "system/ipc/control.h"

namespace sluice::commands {

namespace {

std::vector<std::string> group_names(const settings::Settings& settings) {
  const groups::Groups groups(settings);
  std::vector<std::string> names;
  for (const groups::Group& group : groups.all()) names.push_back(group.policy.name);
  return names;
}

}  // namespace

std::optional<QueueTargets> targets_of(Invocation& invocation, const SelectionOptions& options) {
  const auto selection = options.selection();
  if (!selection) return invocation.fail(kExitUsage, selection.error()), std::nullopt;
  const auto loaded = invocation.load();
  if (!loaded) return std::nullopt;
  const auto names = group_names(loaded->settings);
  auto queues = queues_of(*selection, names, observe::queues_of(loaded->settings));
  if (!queues) return invocation.fail(kExitUsage, queues.error()), std::nullopt;
  return QueueTargets{std::move(*queues), *selection, loaded->settings};
}

bool refuses_nothing_said(Invocation& invocation, const QueueTargets& targets, bool all, const char* order) {
  if (all || targets.selection.names_anything()) return false;
  invocation.fail(kExitUsage, fmt::format("queue {}: say which messages, or --all for every one of them", order));
  return true;
}

std::optional<std::vector<observe::Queue>> all_queues(Invocation& invocation) {
  const auto loaded = invocation.load();
  if (!loaded) return std::nullopt;
  return observe::queues_of(loaded->settings);
}

nlohmann::json query_of(const char* what, const select::Selector& selector) {
  return {{"what", what}, {"selector", select::to_json(selector)}};
}

bool ask_queue(Invocation& invocation, const observe::Queue& queue, const nlohmann::json& query,
               const std::function<void(Octets text)>& each) {
  const auto asked = ipc::ask(queue.control, query, each);
  if (!asked) say_refusal(invocation, queue, asked.error());
  return asked.has_value();
}

void say_refusal(Invocation& invocation, const observe::Queue& queue, const std::string& error) {
  if (observe::is_retired(queue)) return;
  const bool forbidden =
      error.find(ipc::kOwnerOnly) != std::string::npos || error.find("You do not have permission") != std::string::npos;
  invocation.fail(forbidden ? kExitNoPermission : kExitUnavailable, fmt::format("{}: {}", queue.name, error));
}

std::string messages_text(std::uint64_t count) { return fmt::format("{} message{}", count, count == 1 ? "" : "s"); }

}  // namespace sluice::commands
