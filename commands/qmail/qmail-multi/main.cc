// qmail-multi: see qmail-multi(8). Chooses a queue, runs the filter, and becomes the program that queues.
#include <sys/statvfs.h>
#include <unistd.h>

#include <csignal>
#include <new>

#include "core/supervise/queue_set.h"
#include "filter.h"
#include "system/config/load.h"
#include "system/ipc/offered_queues.h"
#include "system/os/process.h"
#include "target.h"

namespace sluice::qmail_multi {

namespace {

enum Exit : int {
  kMemory = 51,
  kTimeout = 52,
  kNoSpace = 53,
  kCannotAskSpace = 54,
  kSettings = 55,
  kRootDirectory = 61,
  kCannotExecute = 120,
};
constexpr unsigned kDeath = 86'400;  // seconds, as in qmail-queue

struct Stop {
  int exit;
};

extern "C" void on_alarm(int) { ::_exit(kTimeout); }

struct SomeQueue {
  std::string directory;
  bool the_only_group = true;
};

SomeQueue some_queue() {
  const auto loaded = config::load({});
  if (!loaded) throw Stop{kSettings};
  const settings::Settings& settings = loaded->settings;
  const groups::Groups groups(settings);
  if (!supervise::static_queues(settings.queue_base, settings.queue_start, settings.queue_count)) throw Stop{kSettings};
  const ipc::OfferedQueues offered = ipc::offered_queues(settings, groups.default_group());
  const bool only = groups.all().size() == 1;
  const auto order = select::QueueChoice(ipc::some_turn()).in_order(offered.states());
  const auto directory = [&](std::size_t place) { return groups.directory_of(offered.queues[place].number); };
  for (const std::size_t place : order)
    if (::access(directory(place).c_str(), F_OK) == 0) return {directory(place), only};
  return {directory(order.front()), only};
}

void check_space(const std::string& queue, const std::string& min_free) {
  std::uint64_t wanted = 0;
  if (!parse_min_free(min_free, wanted)) throw Stop{kSettings};
  if (wanted == 0) return;
  struct statvfs status {};
  if (::statvfs(queue.c_str(), &status) != 0) throw Stop{kCannotAskSpace};
  if (status.f_bavail * status.f_frsize < wanted) throw Stop{kNoSpace};
}

int become_target(int argc, char** argv) {
  os::Environment environment = os::Environment::current();
  Target target = choose_target({argv + 1, argv + argc}, environment, os::executable_directory() + "/qmail-queue");
  const std::string found =
      os::find_program(target.arguments.front(), environment.find("PATH").value_or(""));  // before we go elsewhere
  if (target.is_qmail_queue) {
    std::string queue = environment.find("QUEUEDIR").value_or("");
    if (queue.empty()) {
      SomeQueue some = some_queue();
      queue = std::move(some.directory);
      // Which group takes the message is for qmail-queue to find, which reads its envelope.
      if (some.the_only_group) environment.set("QUEUEDIR", queue);
    }
    check_space(queue, environment.find("MIN_FREE").value_or(""));
    target.arguments.insert(target.arguments.begin() + 1, queue);
  }
  os::Fd message(::dup(STDIN_FILENO));
  const std::string filter = environment.find("FILTERARGS").value_or("");
  if (!filter.empty()) {
    Filtered filtered = run_filter(filter, environment);
    if (!filtered.message) return filtered.exit;
    message = std::move(filtered.message);
  }
  os::Program program{.path = found.empty() ? target.arguments.front() : found,
                      .arguments = target.arguments,
                      .environment = environment,
                      .descriptors = {{message.get(), 0}, {STDOUT_FILENO, 1}, {STDERR_FILENO, 2}}};
  os::replace_with(program);
  return kCannotExecute;
}

}  // namespace

}  // namespace sluice::qmail_multi

int main(int argc, char** argv) {
  using namespace sluice;
  using namespace sluice::qmail_multi;
  std::signal(SIGALRM, on_alarm);
  ::alarm(kDeath);
  std::signal(SIGPIPE, SIG_IGN);
  if (::chdir("/") != 0) return kRootDirectory;
  try {
    return become_target(argc, argv);
  } catch (const Stop& stop) {
    return stop.exit;
  } catch (const std::bad_alloc&) {
    return kMemory;
  } catch (const std::exception&) {
    return kCannotExecute;
  }
}
