// sluice journal dump|verify: reads the journal of a queue as it lies on the disk, running or not.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "command.h"
#include "system/observe/queues.h"
#include "system/store/journal_inspect.h"

namespace sluice::commands {

namespace {

constexpr int kExitData = 65;

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

// A directory needs no settings, so that a queue can be read on any machine; anything else is a queue of the instance.
std::optional<std::string> directory_of(Invocation& invocation, const std::string& queue) {
  std::error_code ignored;
  if (std::filesystem::is_directory(queue, ignored)) return queue;
  const auto loaded = invocation.load();
  if (!loaded) return std::nullopt;
  const auto queues = observe::queues_of(loaded->settings);
  const auto found =
      std::find_if(queues.begin(), queues.end(), [&](const observe::Queue& one) { return one.name == queue; });
  if (found != queues.end()) return found->directory;
  invocation.fail(kExitUsage, fmt::format("{} is neither a directory nor a queue of {}", queue, loaded->settings.home));
  return std::nullopt;
}

void inspect(Invocation& invocation, const std::string& queue, store::Inspect how) {
  const auto directory = directory_of(invocation, queue);
  if (!directory) return;
  const auto inspected =
      store::inspect_journal(*directory, how, [](std::string_view line) { fmt::print("{}\n", line); });
  if (!inspected) {
    invocation.fail(kExitIo, inspected.error().what);
    return;
  }
  fmt::print("{}, {}, {}, {}, {}, {} after the last record\n", counted(inspected->segments, "segment", "segments"),
             counted(inspected->messages, "message", "messages"), counted(inspected->copies, "copy", "copies"),
             counted(inspected->others, "other record", "other records"),
             counted(inspected->damaged, "damaged place", "damaged places"),
             counted(inspected->torn_octets, "octet", "octets"));
  if (!inspected->sound()) invocation.status = kExitData;
}

}  // namespace

void add_journal(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("journal", "Reads the journal of a queue as it lies on the disk");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, store::Inspect how) {
    auto queue = std::make_shared<std::string>();
    auto* sub = command->add_subcommand(name, description);
    sub->add_option("QUEUE", *queue, "Name of a queue of the instance (queue1) or directory of any queue")->required();
    sub->callback([&invocation, queue, how] { inspect(invocation, *queue, how); });
  };
  add("dump", "Prints a line for each record", store::Inspect::kDump);
  add("verify", "Checks every record; exit status 65 if one is bad", store::Inspect::kVerify);
}

}  // namespace sluice::commands
