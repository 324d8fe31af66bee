// sluice queue pause, resume: whether a queue starts deliveries.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/queue/layout.h"
#include "core/supervise/queue_set.h"
#include "queue_command.h"
#include "system/ipc/control.h"

namespace sluice::commands {

namespace {

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

void add(CLI::App& queue, Invocation& invocation, const char* name, const char* text, bool on) {
  auto* command = queue.add_subcommand(name, text);
  auto number = std::make_shared<std::string>();
  command->add_option("queue", *number, "The queue or its number")->required();
  command->callback([&invocation, number, on] { pause(invocation, *number, on); });
}

}  // namespace

void add_queue_pause(CLI::App& queue, Invocation& invocation) {
  add(queue, invocation, "pause", "Starts no deliveries of a queue any more", true);
  add(queue, invocation, "resume", "Starts them again", false);
}

}  // namespace sluice::commands
