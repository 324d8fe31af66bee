// queue-fix: makes the directory of a queue, and repairs owners and modes in one. See queue-fix(8).

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "options.h"
#include "system/config/load.h"
#include "system/layout/repair.h"
#include "system/os/failure.h"

namespace sluice::queue_fix {

namespace {

constexpr const char* kName = "queue-fix";
constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr unsigned kMostProblems = 99;  // as an exit status: below those with a meaning of their own

queue::QueueShape shape_of(const Options& options) {
  queue::QueueShape shape;
  if (!options.split || !options.big_todo) {
    const auto loaded = config::load({});
    if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
    shape.split = loaded->settings.conf_split;
    shape.big_todo = loaded->settings.big_todo;
  }
  shape.split = options.split.value_or(shape.split);
  shape.big_todo = options.big_todo.value_or(shape.big_todo);
  shape.rate_limit = options.rate_limit;
  shape.tcpto = options.tcpto.value_or(shape.tcpto);
  return shape;
}

// Asks once for each kind of change. No answer is no.
class Question {
 public:
  bool yes(const layout::Finding& finding) {
    const auto known = answers_.find(finding.flaw);
    if (known != answers_.end()) return known->second;
    fmt::print("{}\nThis and all further changes of this kind? (y/n) ", finding.text);
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answers_[finding.flaw] = answer == "y" || answer == "yes";
  }

 private:
  std::map<layout::Flaw, bool> answers_;
};

layout::Tally fix(const Options& options, const std::string& directory, const layout::Owners& owners) {
  Question question;
  layout::Orders orders;
  orders.plain_files = true;
  orders.approve = [&](const layout::Finding& finding) {
    if (options.verbose) fmt::print("{}\n", finding.text);
    return !options.change_nothing && (!options.ask || question.yes(finding));
  };
  orders.complain = [](std::string_view text) {
    std::fflush(stdout);
    os::say("warn", kName, text);
  };
  return layout::repair(directory, queue::queue_places(shape_of(options)), owners, orders);
}

int run(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options)
    throw os::Fatal(kExitUsage,
                    options.error() + "; usage: queue-fix [-iNrtv] [-s split] [-b 0|1] [-S size] queue_dir");
  const auto owners = layout::Owners::find();
  if (!owners) throw os::Fatal(kExitFailure, owners.error().to_text());
  const auto directory = std::filesystem::absolute(options->directory).lexically_normal();
  const std::string name = (directory.has_filename() ? directory : directory.parent_path()).string();

  const layout::Tally tally = fix(*options, name, *owners);
  const unsigned problems = options->change_nothing ? tally.found + tally.failed : tally.failed;
  if (options->verbose) fmt::print("queue-fix finished with {} errors...\n", problems);
  if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  if (options->change_nothing) return static_cast<int>(std::min(problems, kMostProblems));
  return tally.failed > 0 ? kExitFailure : 0;
}

}  // namespace

}  // namespace sluice::queue_fix

int main(int argc, char** argv) { return sluice::os::run_main("queue-fix", sluice::queue_fix::run, argc, argv); }
