// setqload: see setqload(8). Tells qscheduler a load of a queue, or keeps clients away from a queue for a while.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "core/monitor/load.h"
#include "core/queue/message.h"
#include "system/config/load.h"
#include "system/ipc/message_queue.h"
#include "system/ipc/offered_queues.h"
#include "system/ipc/shared_counts.h"
#include "system/observe/shared_loads.h"
#include "system/os/failure.h"

namespace sluice::setqload {

namespace {

constexpr const char* kName = "setqload";
constexpr const char* kUsage = "usage: setqload -q N LOAD | -q N LOCAL/LIMIT REMOTE/LIMIT | -q N -d | -q N -e";
constexpr int kExitBelowZero = 1, kExitUsage = 100, kExitFailure = 111;

struct Options {
  unsigned queue = 0;
  std::optional<bool> disable;                // -d, -e
  std::vector<std::string_view> expressions;  // one or two, without -d and -e
};

unsigned queue_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0 || number >= queue::kQueueNumbers)
    throw os::Fatal(kExitUsage,
                    fmt::format("-q {}: the number of a queue is wanted, 1 to {}", text, queue::kQueueNumbers - 1));
  return number;
}

// A load may begin with a minus sign, which getopt() would take for an option: what comes behind -q N is an operand
// unless it is -d or -e.
Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-q" && i + 1 < argc)
      options.queue = queue_number(argv[++i]);
    else if (word.starts_with("-q") && word.size() > 2)
      options.queue = queue_number(word.substr(2));
    else if (word == "-d" || word == "-e")
      options.disable = word == "-d";
    else if (options.queue != 0)
      options.expressions.push_back(word);
    else
      throw os::Fatal(kExitUsage, kUsage);
  }
  const std::size_t operands = options.expressions.size();
  if (options.queue == 0 || operands > 2 || (operands == 0) != options.disable.has_value())
    throw os::Fatal(kExitUsage, kUsage);
  return options;
}

void print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
}

// The flag alone is written: the counts beside it are qmail-send's, which writes them at any time.
void set_flag(const settings::Settings& settings, unsigned queue, bool disabled) {
  using Counts = link::QueueCounts;
  auto object = ipc::SharedCounts::open(link::ipc_name(settings.ipc_prefix, fmt::format("queue{}", queue)),
                                        ipc::SharedCounts::Use::kWrite);
  if (!object) throw os::Fatal(kExitFailure, object.error());
  const auto octets = Counts{.flag = disabled ? 1 : 0}.encode();
  if (!object->write(Counts::kFlagAt, Octets(octets.data(), octets.size()).substr(Counts::kFlagAt)))
    throw os::Fatal(kExitFailure, os::with_errno("cannot write the flag of the queue"));
  print(fmt::format("queue{} {}\n", queue, disabled ? "disabled" : "enabled"));
}

int send_load(const settings::Settings& settings, const Options& options) {
  const auto load = monitor::load_of_expressions(options.expressions);
  if (!load) throw os::Fatal(kExitUsage, load.error());
  if (load->ratio < 0) throw os::Fatal(kExitBelowZero, fmt::format("a load of {:.2f} is below 0", load->ratio));
  auto to = ipc::MessageQueue::open(link::ipc_name(settings.ipc_prefix, "qscheduler"), ipc::MessageQueue::Use::kWrite);
  if (!to) throw os::Fatal(kExitFailure, to.error());
  const auto octets =
      link::LoadMessage{.pid = static_cast<std::int32_t>(::getpid()), .queue = options.queue, .load = load->percent}
          .encode();
  if (!to->send(Octets(octets.data(), octets.size()), link::LoadMessage::kPriority))
    throw os::Fatal(kExitFailure, "the load was not sent: the message queue is full");
  print(fmt::format("send load to qscheduler. qload={:.2f}\n", load->ratio));
  return 0;
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  const groups::Groups groups(loaded->settings);
  const groups::Group& group = groups.all()[groups.group_with(options.queue)];
  const auto counts = ipc::published_counts(loaded->settings, group);
  if (!counts) {
    fmt::print(stderr, "{}: fatal: {}\n", kName, observe::kNoScheduler);
    return kExitFailure;
  }
  if (!observe::is_offered(*counts, group, options.queue))
    throw os::Fatal(
        kExitUsage,
        fmt::format("queue{} is not in use: there {} from queue{} on", options.queue,
                    counts->in_use == 1 ? "is 1 queue" : fmt::format("are {} queues", counts->in_use), group.first));
  if (!options.disable) return send_load(loaded->settings, options);
  set_flag(loaded->settings, options.queue, *options.disable);
  return 0;
}

}  // namespace

}  // namespace sluice::setqload

int main(int argc, char** argv) { return sluice::os::run_main("setqload", sluice::setqload::run, argc, argv); }
