// qmail-qread: see qmail-qread(8). Lists the messages of all queues, or their loads.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/monitor/listing.h"
#include "system/config/load.h"
#include "system/observe/queue_answers.h"
#include "system/observe/shared_loads.h"
#include "system/observe/todo_listing.h"
#include "system/os/failure.h"

namespace sluice::qmail_qread {

namespace {

constexpr const char* kName = "qmail-qread";
constexpr int kExitUsage = 100, kExitNoLoads = 100, kExitFailure = 111;

struct Options {
  monitor::Selection selection;
  bool counts = false;
  bool silent = false;  // nothing but counts
  bool loads = false;
};

Options parse(int argc, char** argv) {
  Options options;
  monitor::Selection& selection = options.selection;
  ::opterr = 0;
  for (int option; (option = ::getopt(argc, argv, "alrtcsi")) != -1;) switch (option) {
      case 'a':
        selection = {true, true, true};
        break;
      case 'l':
        selection.local = true;
        break;
      case 'r':
        selection.remote = true;
        break;
      case 't':
        selection.todo = true;
        break;
      case 'c':
        options.counts = true;
        break;
      case 's':
        options.counts = options.silent = true;
        break;
      case 'i':
        options.loads = true;
        break;
      default:
        throw os::Fatal(kExitUsage, "usage: qmail-qread [-alrtcsi]");
    }
  if (::optind != argc) throw os::Fatal(kExitUsage, "usage: qmail-qread [-alrtcsi]");
  const bool nothing = !selection.local && !selection.remote && !selection.todo && !options.counts;
  if (nothing && options.loads) return options;
  if (!selection.local && !selection.remote && !selection.todo) selection.local = selection.remote = true;
  return options;
}

class Listing {
 public:
  Listing(const settings::Settings& settings, const Options& options) : settings_(settings), options_(options) {}

  // What cannot be listed is named on standard error, and the others are.
  void list(const observe::Queue& queue) {
    const monitor::Selection& selection = options_.selection;
    const bool retired = observe::is_retired(queue);
    if (retired && !selection.todo) return;
    monitor::ListedCounts counts;
    bool whole = true;
    put(fmt::format("processing queue {}\n", queue.directory));
    const auto each = [&](const monitor::ListedMessage& message) {
      counts.add(message, selection);
      if (options_.silent) return;
      monitor::append_message(text_, message, selection, settings_.conf_split);
      put({});
    };
    const auto trouble = [&](std::string_view what) {
      whole = false;
      complain(queue, what);
    };
    if (!retired && (selection.local || selection.remote))
      if (const auto asked = observe::ask_messages(queue, each); !asked) trouble(asked.error());
    if (selection.todo)
      if (const auto read = observe::list_todo_messages(queue.directory, settings_.conf_split, each, trouble); !read)
        trouble(read.error());
    if (options_.counts) put(monitor::counts_text(counts, selection, ""));
    put("\n");
    total_.add(counts);
    if (!whole) status_ = kExitFailure;
  }

  int finish() {
    if (options_.counts) put(monitor::counts_text(total_, options_.selection, "Total "));
    flush();
    return status_;
  }

 private:
  static constexpr std::size_t kPiece = 60'000;

  void put(std::string_view text) {
    text_ += text;
    if (text_.size() >= kPiece) flush();
  }
  void flush() {
    if (std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size() || std::fflush(stdout) != 0)
      throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
    text_.clear();
  }
  void complain(const observe::Queue& queue, std::string_view what) {
    flush();  // so that both come in their order where they go to one place
    os::say("warn", kName, fmt::format("{}: {}", queue.name, what));
  }

  const settings::Settings& settings_;
  const Options& options_;
  monitor::ListedCounts total_;
  std::string text_;
  int status_ = 0;
};

int show_loads(const settings::Settings& settings) {
  const auto loads = observe::read_loads(settings);
  if (!loads) throw os::Fatal(kExitNoLoads, observe::kNoScheduler);
  for (const std::string& trouble : loads->unreadable) os::say("warn", kName, trouble);
  const std::string table = monitor::load_table(loads->queues, loads->counts, settings.max_load);
  if (std::fputs(table.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    throw os::Fatal(kExitFailure, os::with_errno("cannot write to standard output"));
  return loads->unreadable.empty() ? 0 : kExitNoLoads;
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  int status = 0;
  if (options.selection.local || options.selection.remote || options.selection.todo) {
    Listing listing(loaded->settings, options);
    for (const observe::Queue& queue : observe::queues_of(loaded->settings)) listing.list(queue);
    status = listing.finish();
  }
  if (!options.loads) return status;
  const int loads = show_loads(loaded->settings);
  return status != 0 ? status : loads;
}

}  // namespace

}  // namespace sluice::qmail_qread

int main(int argc, char** argv) { return sluice::os::run_main("qmail-qread", sluice::qmail_qread::run, argc, argv); }
