// queue-fix: makes the directory of a queue, and repairs owners and modes in one. See queue-fix(8).

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "export.h"
#include "names.h"
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
  bool yes(const std::string& kind, const std::string& text) {
    const auto known = answers_.find(kind);
    if (known != answers_.end()) return known->second;
    fmt::print("{}\nThis and all further changes of this kind? (y/n) ", text);
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answers_[kind] = answer == "y" || answer == "yes";
  }

 private:
  std::map<std::string, bool> answers_;
};

class Repair {
 public:
  Repair(const Options& options, std::string directory, const layout::Owners& owners)
      : options_(options), directory_(std::move(directory)), owners_(owners), shape_(shape_of(options)) {}

  // The exit status.
  int run() {
    set_right();
    const NamesDone names = fix_names(directory_, names_orders());
    found_ += names.numbered.found;
    failed_ += names.numbered.failed;
    if (names.numbered.changed > 0) set_right();  // what is in its place only now
    if (names.in_use) complain("the queue is in use: its names and places were not looked at");
    const unsigned problems = options_.change_nothing ? found_ + failed_ : failed_;
    if (options_.verbose) fmt::print("queue-fix finished with {} errors...\n", problems);
    if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
    if (options_.change_nothing) return static_cast<int>(std::min(problems, kMostProblems));
    return failed_ > 0 ? kExitFailure : 0;
  }

 private:
  bool approved(const std::string& kind, const std::string& text) {
    if (options_.verbose) fmt::print("{}\n", text);
    return !options_.change_nothing && (!options_.ask || question_.yes(kind, text));
  }
  static void complain(std::string_view text) {
    std::fflush(stdout);
    os::say("warn", kName, text);
  }

  void set_right() {
    layout::Orders orders;
    orders.plain_files = true;
    orders.approve = [this](const layout::Finding& finding) {
      return approved(std::to_string(static_cast<int>(finding.flaw)), finding.text);
    };
    orders.complain = complain;
    auto places = queue::queue_places(shape_);
    if (options_.one_user)
      for (queue::Place& place : places)
        if (place.owner == queue::User::kScheduler) place.owner = queue::User::kQueue;
    const layout::Tally tally = layout::repair(directory_, places, owners_, orders);
    found_ += tally.found;
    failed_ += tally.failed;
  }

  NamesOrders names_orders() {
    NamesOrders orders;
    orders.shape = shape_;
    orders.approve = [this](standstill::Change change, const std::string& text) {
      return approved("name" + std::to_string(static_cast<int>(change)), text);
    };
    orders.complain = complain;
    return orders;
  }

  const Options& options_;
  const std::string directory_;
  const layout::Owners& owners_;
  const queue::QueueShape shape_;
  Question question_;
  unsigned found_ = 0, failed_ = 0;
};

std::string absolute_name(const std::string& directory) {
  const auto path = std::filesystem::absolute(directory).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

int export_to(const Options& options, const layout::Owners& owners) {
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  ExportOrders orders;
  orders.from = absolute_name(options.directory);
  orders.to = absolute_name(options.export_to);
  orders.shape = shape_of(options);
  orders.verbose = options.verbose;
  orders.trash = options.trash;
  const std::size_t messages = export_queue(orders, loaded->settings, owners);
  fmt::print("exported {} messages to {}\n", messages, orders.to);
  if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  return 0;
}

int run(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options)
    throw os::Fatal(kExitUsage, options.error() +
                                    "; usage: queue-fix [-imNrtv] [-s split] [-b 0|1] [-S size] "
                                    "[--export DIR] queue_dir");
  const auto owners = layout::Owners::find();
  if (!owners) throw os::Fatal(kExitFailure, owners.error().to_text());
  if (!options->export_to.empty()) return export_to(*options, *owners);
  return Repair(*options, absolute_name(options->directory), *owners).run();
}

}  // namespace

}  // namespace sluice::queue_fix

int main(int argc, char** argv) { return sluice::os::run_main("queue-fix", sluice::queue_fix::run, argc, argv); }
