// qmail-start: starts the daemons of the queue $QUEUEDIR, each under its own user and linked to its neighbours, and
// then becomes qmail-send. See qmail-start(8).

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "queue_programs.h"
#include "system/config/load.h"
#include "system/os/failure.h"

namespace sluice::queue_start {

namespace {

constexpr const char* kName = "qmail-start";

supervise::StartOptions options_of(int argc, char** argv) {
  auto options = supervise::parse_start_options({argv + 1, static_cast<std::size_t>(argc - 1)}, "sdc");
  if (!options) throw os::Fatal(100, options.error() + "; usage: qmail-start [-s] [defaultdelivery] [logger arg ...]");
  if (options->dynamic) throw os::Fatal(100, "options -d and -c: this version runs queues in static mode only; use -s");
  return std::move(*options);
}

// A closed standard descriptor would be taken by the first thing that we open.
void open_standard_descriptors() {
  int fd;
  do fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

std::string queue_directory(const os::Environment& environment) {
  const auto given = environment.find("QUEUEDIR");
  if (!given || given->empty()) throw os::Fatal(111, "QUEUEDIR is not set: it names the directory of the queue");
  std::error_code error;
  const auto directory = std::filesystem::canonical(*given, error);
  if (error) throw os::Fatal(111, fmt::format("cannot use queue {}: {}", *given, error.message()));
  if (!std::filesystem::is_directory(directory))
    throw os::Fatal(111, fmt::format("cannot use queue {}: not a directory", *given));
  return directory.string();
}

layout::Owners owners_of_queue() {
  const auto owners = layout::Owners::find();
  if (!owners) throw os::Fatal(111, owners.error().to_text());
  return *owners;
}

std::string default_delivery_of_settings() {
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(111, loaded.error().front().to_text());
  return loaded->settings.defaultdelivery;
}

Queue queue_of(const supervise::StartOptions& options) {
  Queue queue;
  queue.environment = os::Environment::current();
  queue.directory = queue_directory(queue.environment);
  queue.environment.set("QUEUEDIR", queue.directory);
  queue.environment.unset("SLUICE_SUPERVISOR");
  queue.binaries = os::executable_directory();
  queue.search_path = queue.environment.find("PATH").value_or("/usr/bin:/bin") + ':' + queue.binaries;
  queue.default_delivery = options.default_delivery ? *options.default_delivery : default_delivery_of_settings();
  queue.logger = options.logger;
  return queue;
}

int run(int argc, char** argv) {
  open_standard_descriptors();
  const auto options = options_of(argc, argv);
  const Queue queue = queue_of(options);
  const layout::Owners owners = owners_of_queue();
  // A supervisor says it once for all of its queues.
  if (!owners.partitioned() && std::getenv("SLUICE_SUPERVISOR") == nullptr)
    os::say("info", kName, layout::without_partition());

  const Links links = Links::make(!queue.logger.empty(), owners);
  const QueuePrograms programs = queue_programs(queue, links, owners);
  // If one cannot be started those before it see their links close as we exit, and end.
  for (const os::Program& program : programs.neighbours)
    if (const auto child = os::spawn(program); !child) throw os::Fatal(111, child.error().what);
  throw os::Fatal(111, os::replace_with(programs.scheduler).what);
}

}  // namespace

}  // namespace sluice::queue_start

int main(int argc, char** argv) { return sluice::os::run_main("qmail-start", sluice::queue_start::run, argc, argv); }
