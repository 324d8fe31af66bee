// sluice journal dump|verify: reads the journal of a queue as it lies on the disk, running or not.
#include <fmt/format.h>

#include <cstdio>

#include "command.h"
#include "system/store/journal_inspect.h"

namespace sluice::commands {

namespace {

constexpr int kExitData = 65;

void inspect(Invocation& invocation, const std::string& queue_directory, store::Inspect how) {
  const auto inspected =
      store::inspect_journal(queue_directory, how, [](std::string_view line) { fmt::print("{}\n", line); });
  if (!inspected) {
    invocation.fail(kExitIo, inspected.error().what);
    return;
  }
  fmt::print(
      "{} segments, {} messages, {} copies, {} other records, {} damaged places, {} octets after the last record\n",
      inspected->segments, inspected->messages, inspected->copies, inspected->others, inspected->damaged,
      inspected->torn_octets);
  if (!inspected->sound()) invocation.status = kExitData;
}

}  // namespace

void add_journal(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("journal", "Reads the journal of a queue as it lies on the disk");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, store::Inspect how) {
    auto directory = std::make_shared<std::string>();
    auto* sub = command->add_subcommand(name, description);
    sub->add_option("QUEUE", *directory, "Directory of the queue, e.g. queue/queue1")
        ->required()
        ->check(CLI::ExistingDirectory);
    sub->callback([&invocation, directory, how] { inspect(invocation, *directory, how); });
  };
  add("dump", "Prints a line for each record", store::Inspect::kDump);
  add("verify", "Checks every record; exit status 65 if one is bad", store::Inspect::kVerify);
}

}  // namespace sluice::commands
