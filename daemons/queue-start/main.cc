// qmail-start: starts the daemons of the queue $QUEUEDIR, each under its own user and linked to its neighbours, and
// then becomes qmail-send. See qmail-start(8).

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "core/link/descriptors.h"
#include "core/queue/layout.h"
#include "queue_programs.h"
#include "system/config/load.h"
#include "system/config/queue_daemon.h"
#include "system/groups/groups.h"
#include "system/ipc/queue_objects.h"
#include "system/os/failure.h"

namespace sluice::queue_start {

namespace {

constexpr const char* kName = "qmail-start";

constexpr const char* kUsage = "usage: qmail-start [-s | -cd] [defaultdelivery] [logger arg ...]";

supervise::StartOptions options_of(std::span<char* const> arguments) {
  auto options = supervise::parse_start_options({arguments.data(), arguments.size()}, "sdc");
  if (!options) throw os::Fatal(100, options.error() + "; " + kUsage);
  return std::move(*options);
}

// A closed standard descriptor would be taken by the first thing that we open.
void open_standard_descriptors() {
  int fd;
  do fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

config::Settings settings_now() {
  auto loaded = config::load({});
  if (!loaded) throw os::Fatal(111, loaded.error().front().to_text());
  return std::move(loaded->settings);
}

// $QUEUEDIR, or the first queue of the instance.
std::string queue_directory(const os::Environment& environment) {
  std::string given = environment.find("QUEUEDIR").value_or("");
  if (given.empty()) {
    const config::Settings settings = settings_now();
    given = groups::Groups(settings).directory_of(settings.queue_start);
  }
  std::error_code error;
  const auto directory = std::filesystem::canonical(given, error);
  if (error) throw os::Fatal(111, fmt::format("cannot use queue {}: {}", given, error.message()));
  if (!std::filesystem::is_directory(directory))
    throw os::Fatal(111, fmt::format("cannot use queue {}: not a directory", given));
  config::number_of_queue(directory.filename().string());
  return directory.string();
}

// Each daemon would name what it misses; this is what all queues have and empty directories do not.
void check_made(const std::string& directory) {
  if (::access((directory + '/' + queue::kSendMutex).c_str(), W_OK) == 0) return;
  throw os::Fatal(111, os::with_errno(fmt::format("cannot use {}/{}", directory, queue::kSendMutex)) +
                           "; make or repair the queue with: queue-fix " + directory);
}

layout::Owners owners_of_queue() {
  const auto owners = layout::Owners::find();
  if (!owners) throw os::Fatal(111, owners.error().to_text());
  return *owners;
}

Queue queue_of(const supervise::StartOptions& options) {
  Queue queue;
  queue.environment = os::Environment::current();
  queue.directory = queue_directory(queue.environment);
  queue.environment.set("QUEUEDIR", queue.directory);
  queue.environment.unset("SLUICE_SUPERVISOR");
  queue.environment.unset(link::kLoggerPid);
  queue.binaries = os::executable_directory();
  queue.search_path = os::search_path(queue.environment, queue.binaries);
  queue.default_delivery = options.default_delivery ? *options.default_delivery : settings_now().defaultdelivery;
  queue.logger = options.logger;
  queue.dynamic = options.dynamic;
  queue.compatible = options.compatible;
  return queue;
}

// Our end of the link to qscheduler, which says in the environment where it put it. Without one there is none.
os::Fd supervisor_link(const os::Environment& environment) {
  const auto given = environment.find(link::kSupervisorLink);
  if (!given) return {};
  int number = -1;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), number);
  if (error != std::errc{} || end != given->data() + given->size() || number <= STDERR_FILENO ||
      ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0)
    throw os::Fatal(111, fmt::format("{}: {} is not an open descriptor", link::kSupervisorLink, *given));
  return os::Fd(number);
}

// qmail-start --only NAME [options and operands as ever]: becomes one neighbour of a qmail-send that runs already.
// For qscheduler, which made its links.
int run_one(std::span<char* const> arguments) {
  if (arguments.empty()) throw os::Fatal(100, "--only needs the name of a daemon");
  const std::string name = arguments.front();
  Queue queue = queue_of(options_of(arguments.subspan(1)));
  queue.environment.unset(link::kSupervisorLink);
  const auto program = single_neighbour(queue, name, owners_of_queue());
  if (!program) throw os::Fatal(100, fmt::format("--only: {} is nothing that qmail-send talks to", name));
  throw os::Fatal(111, os::replace_with(*program).what);
}

// The shared memory and message queue of a dynamic queue; a supervisor makes those of its queues itself.
void make_objects(const Queue& queue, const layout::Owners& owners) {
  const config::Settings settings = settings_now();
  const std::string name = queue.directory.substr(queue.directory.find_last_of('/') + 1);
  const auto made =
      ipc::make_queue_objects(settings.ipc_prefix, name, {settings.msgqueuelen, settings.msgqueuesize}, owners);
  if (!made) return os::say("warn", kName, made.error());
  for (const std::string& note : made->lines) os::say("warn", kName, note);
}

pid_t start(const os::Program& program) {
  const auto child = os::spawn(program);
  if (!child) throw os::Fatal(111, child.error().what);
  return *child;
}

int run(int argc, char** argv) {
  open_standard_descriptors();
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(std::max(argc, 1) - 1));
  if (!arguments.empty() && arguments.front() == std::string_view("--only")) return run_one(arguments.subspan(1));
  const auto options = options_of(arguments);
  Queue queue = queue_of(options);
  check_made(queue.directory);
  const layout::Owners owners = owners_of_queue();
  // A supervisor says it once for all of its queues.
  if (!owners.partitioned() && std::getenv("SLUICE_SUPERVISOR") == nullptr)
    os::say("info", kName, layout::without_partition());

  Links links = Links::make(!queue.logger.empty(), owners);
  links.supervisor = supervisor_link(queue.environment);
  queue.environment.unset(link::kSupervisorLink);
  if (queue.dynamic && !links.supervisor) make_objects(queue, owners);
  QueuePrograms programs = queue_programs(queue, links, owners);
  // If one cannot be started those before it see their links close as we exit, and end.
  if (programs.logger) programs.scheduler.environment.set(link::kLoggerPid, std::to_string(start(*programs.logger)));
  for (const os::Program& program : programs.neighbours) start(program);
  throw os::Fatal(111, os::replace_with(programs.scheduler).what);
}

}  // namespace

}  // namespace sluice::queue_start

int main(int argc, char** argv) { return sluice::os::run_main("qmail-start", sluice::queue_start::run, argc, argv); }
