// qmonitor: see qmonitor(8). Looks at the load of every queue in shared memory and tells qscheduler.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <thread>

#include "core/monitor/load.h"
#include "system/config/load.h"
#include "system/ipc/message_queue.h"
#include "system/observe/shared_loads.h"
#include "system/os/failure.h"

namespace sluice::qmonitor {

namespace {

constexpr const char* kName = "qmonitor";
constexpr int kExitUsage = 100, kExitFailure = 111;

struct Options {
  std::optional<unsigned> threshold;
  std::chrono::seconds interval{60};
  bool look_only = false, verbose = false;
};

unsigned number_of(std::string_view text, char option, unsigned least, unsigned greatest) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > greatest)
    throw os::Fatal(kExitUsage, fmt::format("-{} {}: a number from {} to {} is wanted", option, text, least, greatest));
  return value;
}

Options parse(int argc, char** argv) {
  constexpr unsigned kGreatestLoad = 100, kDay = 86'400;
  Options options;
  ::opterr = 0;
  for (int option; (option = ::getopt(argc, argv, "t:i:nv")) != -1;) switch (option) {
      case 't':
        options.threshold = number_of(::optarg, 't', 1, kGreatestLoad);
        break;
      case 'i':
        options.interval = std::chrono::seconds(number_of(::optarg, 'i', 1, kDay));
        break;
      case 'n':
        options.look_only = true;
        break;
      case 'v':
        options.verbose = true;
        break;
      default:
        throw os::Fatal(kExitUsage, "usage: qmonitor [-t threshold] [-i interval] [-n] [-v]");
    }
  if (::optind != argc) throw os::Fatal(kExitUsage, "usage: qmonitor [-t threshold] [-i interval] [-n] [-v]");
  return options;
}

// One message for each queue. Those for which there is no room are told again at the next look.
void tell(const settings::Settings& settings, const std::vector<monitor::QueueLoad>& queues) {
  auto to = ipc::MessageQueue::open(link::ipc_name(settings.ipc_prefix, "qscheduler"), ipc::MessageQueue::Use::kWrite);
  if (!to) throw os::Fatal(kExitFailure, to.error());
  std::size_t told = 0;
  for (const monitor::QueueLoad& queue : queues) {
    const auto octets =
        link::LoadMessage{
            .pid = static_cast<std::int32_t>(::getpid()), .queue = queue.number, .load = queue.counts.load()}
            .encode();
    if (to->send(Octets(octets.data(), octets.size()), link::LoadMessage::kPriority)) ++told;
  }
  if (told < queues.size())
    os::say("warn", kName,
            fmt::format("the loads of {} queues were not sent: the message queue is full", queues.size() - told));
}

// Looks once. False: there are no dynamic queues.
bool look(const settings::Settings& settings, const Options& options) {
  const auto loads = observe::read_loads(settings);
  if (!loads) return false;
  for (const std::string& trouble : loads->unreadable) os::say("warn", kName, trouble);
  const unsigned threshold = options.threshold.value_or(settings.max_load);
  const monitor::LoadAverage average = monitor::average_of(loads->queues);
  if (options.verbose || options.look_only || average.above(threshold)) {
    std::string text = monitor::average_line(average, threshold);
    for (std::size_t i = 0; i < loads->queues.size(); ++i)
      text += monitor::load_line(loads->queues[i].number - settings.queue_start, loads->queues[i].counts);
    std::fputs(text.c_str(), stdout);
    if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  }
  if (!options.look_only) tell(settings, loads->queues);
  return true;
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  while (look(loaded->settings, options)) std::this_thread::sleep_for(options.interval);
  fmt::print(stderr, "{}: fatal: {}\n", kName, observe::kNoScheduler);
  return kExitFailure;
}

}  // namespace

}  // namespace sluice::qmonitor

int main(int argc, char** argv) { return sluice::os::run_main("qmonitor", sluice::qmonitor::run, argc, argv); }
