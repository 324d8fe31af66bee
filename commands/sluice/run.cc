// sluice run: runs the instance in the foreground, by becoming its supervisor.
#include <unistd.h>

#include "command.h"
#include "system/os/process.h"

namespace sluice::commands {
namespace {

constexpr int kExitOsError = 71;  // EX_OSERR of sysexits.h

void run(Invocation& invocation) {
  const auto overrides = invocation.overrides();
  if (!overrides) return;
  const auto loaded = invocation.load();  // says what is wrong in the words of this command
  if (!loaded) return;
  os::Program program;
  program.path = os::executable_directory() + "/qscheduler";
  program.arguments = {"qscheduler", "-s"};
  program.environment = os::Environment::current();
  config::hand_down(*overrides, loaded->settings, program.environment);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
  invocation.fail(kExitOsError, os::replace_with(program).what);
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("run", "Run the instance in the foreground");
  command->callback([&invocation] { run(invocation); });
}

}  // namespace sluice::commands
