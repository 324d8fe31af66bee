// qmail-qstat: see qmail-qstat(8). How many messages there are, without a look at any of them.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

#include "system/config/load.h"
#include "system/observe/queue_answers.h"
#include "system/observe/todo_listing.h"
#include "system/os/failure.h"

namespace sluice::qmail_qstat {

namespace {

constexpr const char* kName = "qmail-qstat";
constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr Duration kPatience{10'000};

struct Counts {
  std::uint64_t messages = 0;  // those in todo, too, as ever
  std::uint64_t todo = 0;
};

// Nothing, and a line on standard error, if one of them is not to be had.
std::optional<Counts> count(const observe::Queue& queue) {
  const auto complain = [&queue](const std::string& what) {
    os::say("warn", kName, fmt::format("{}: {}", queue.name, what));
  };
  const auto todo = observe::count_todo(queue.directory);
  if (!todo) complain(todo.error());
  if (todo && observe::is_retired(queue)) return Counts{*todo, *todo};
  const auto figures = observe::ask_figures(queue, kPatience);
  if (!figures) complain(figures.error());
  if (!todo || !figures) return std::nullopt;
  return Counts{figures->messages + *todo, *todo};
}

void print(std::string_view before, const Counts& counts) {
  fmt::print("{0}messages in queue: {1}\n{0}messages in queue but not yet preprocessed: {2}\n", before, counts.messages,
             counts.todo);
}

int run(int argc, char**) {
  if (argc != 1) throw os::Fatal(kExitUsage, "usage: qmail-qstat");
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  const auto queues = observe::queues_of(loaded->settings);
  Counts total;
  int status = 0;
  for (const observe::Queue& queue : queues) {
    const auto counts = count(queue);
    if (!counts) status = kExitFailure;
    if (!counts) continue;
    total.messages += counts->messages;
    total.todo += counts->todo;
    if (queues.size() == 1) continue;  // the total says it all, in the two lines that scripts know
    fmt::print("processing queue {}\n", queue.directory);
    print("", *counts);
    fmt::print("\n");
  }
  if (queues.size() > 1 || status == 0) print(queues.size() > 1 ? "Total " : "", total);
  if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  return status;
}

}  // namespace

}  // namespace sluice::qmail_qstat

int main(int argc, char** argv) { return sluice::os::run_main("qmail-qstat", sluice::qmail_qstat::run, argc, argv); }
