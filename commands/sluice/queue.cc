// sluice queue: what the queues hold, and orders about it. Each command has a file of its own.
#include "queue_command.h"

namespace sluice::commands {

void add_queue(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("queue", "Lists the messages that are in the queues, and why; orders about them");
  add_queue_list(*command, invocation);
  add_queue_explain(*command, invocation);
  add_queue_orders(*command, invocation);
  add_queue_retry(*command, invocation);
  add_queue_pause(*command, invocation);
  // `sluice queue --sender x delete --all` would delete everything: what selects stands behind the command.
  for (CLI::App* order : command->get_subcommands({}))
    for (CLI::Option* option : command->get_options())
      if (!option->check_name("--help")) order->excludes(option);
}

}  // namespace sluice::commands
