#include "system/config/queue_daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "core/queue/layout.h"
#include "core/queue/message.h"
#include "system/os/failure.h"

namespace sluice::config {

namespace {

void tell(const char* program, const Problems& problems) {
  const std::string lines = problem_lines(program, problems);
  // Nobody is left to tell when standard error is gone.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, lines.data(), lines.size());
}

// The letters of the options before the first operand.
std::string take_options(int argc, char** argv, std::string_view known) {
  std::string letters;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.size() < 2 || argument.front() != '-') break;
    for (const char letter : argument.substr(1)) {
      if (known.find(letter) == std::string_view::npos)
        throw os::Fatal(100, fmt::format("unknown option {}; this program is started by qmail-start", argument));
      letters += letter;
    }
  }
  return letters;
}

}  // namespace

unsigned number_of_queue(std::string_view name) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  unsigned number = queue::kQueueNumbers;
  const auto [end, error] = std::from_chars(name.data() + digits, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number >= queue::kQueueNumbers)
    throw os::Fatal(111, fmt::format("QUEUEDIR: the name of a queue ends in its number, 0 to {}, which {} does not",
                                     queue::kQueueNumbers - 1, name));
  return number;
}

std::string QueueDaemon::intake_socket() const { return queue::intake_socket(settings.settings().run_dir, name); }
std::string QueueDaemon::control_socket() const { return queue::control_socket(settings.settings().run_dir, name); }

QueueDaemon queue_daemon(const char* program, int argc, char** argv, std::string_view options) {
  std::string letters = take_options(argc, argv, options);
  Environment environment = process_environment();
  const std::string directory = environment.variables.find("QUEUEDIR").value_or("");
  if (directory.empty()) throw os::Fatal(111, "QUEUEDIR is not set: it names the directory of the queue");
  const std::string name = directory.substr(directory.find_last_of('/') + 1);
  const std::string qident = environment.variables.find("QIDENT").value_or("");
  auto loaded = load({}, environment);
  if (!loaded) {
    tell(program, loaded.error());
    throw os::Fatal(111, "the settings are bad");
  }
  return {directory,
          name,
          number_of_queue(name),
          qident,
          std::move(letters),
          Reloadable({}, std::move(environment), std::move(*loaded))};
}

bool reread(const char* program, Reloadable& settings) {
  const auto reloaded = settings.reload();
  if (!reloaded) {
    tell(program, reloaded.error());
    os::say("warn", program, "the settings are bad: the old ones stay");
  }
  return reloaded.has_value();
}

}  // namespace sluice::config
