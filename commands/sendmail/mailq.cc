// sendmail -bp, mailq: asks the scheduler of each queue what it holds, or reads the queue if its daemons do not run,
// and prints it as it comes, so that nobody holds a long list. sendmail -bP: only how many there are.
#include <fmt/format.h>

#include <cstdio>

#include "base/json_cursor.h"
#include "core/mail/transcript.h"
#include "listing.h"
#include "queues.h"
#include "system/ipc/control.h"
#include "system/os/clock.h"
#include "system/standstill/queue_listing.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

std::chrono::minutes utc_offset(std::int64_t second) {
  return std::chrono::minutes(os::utc_offset_minutes(wall_from_millis(second * 1000)));
}

std::optional<std::uint64_t> selected_in(Octets text) {
  std::optional<std::uint64_t> selected;
  JsonCursor from(text);
  from.object([&](std::string_view key) {
    if (key == "selected") return void(selected = from.natural());
    from.skip();
  });
  return from.done() ? selected : std::nullopt;
}

schedule::PriorityFactors factors_of(const settings::Settings& settings) {
  return {settings.queue_run_recipient_factor, settings.queue_run_class_factor, settings.queue_run_retry_factor};
}

standstill::ListingOrders orders_of(const Work& work, const route::QueueGroup& group) {
  standstill::ListingOrders orders;
  orders.selector = work.options.queue.selector;
  orders.order = order_of(work, group);
  orders.most = group.jobs;  // MaxQueueRunSize is for us: the count is that of all
  orders.factors = factors_of(work.settings);
  return orders;
}

Listing::Form form_of(const Work& work) {
  return {work.options.verbose, factors_of(work.settings), to_seconds(os::wall_now())};
}

// The answers of one queue, as lines.
class Printer {
 public:
  Printer(const Work& work, std::string directory)
      : json_(work.options.json),
        verbose_(work.options.verbose),
        most_(work.settings.queue_run_most),
        directory_(std::move(directory)),
        listing_(form_of(work), utc_offset) {}

  void take(Octets answer) {
    if (!selected_) return begin(selected_in(answer).value_or(0));
    if (is_full()) return;
    ++printed_;
    if (json_) return void(lines_.append(answer).append(1, '\n'));
    if (message_.read(answer)) listing_.append(lines_, message_);
  }
  // What has come since the last time; false: it cannot be written.
  bool print() {
    const bool written = std::fwrite(lines_.data(), 1, lines_.size(), stdout) == lines_.size();
    lines_.clear();
    return std::fflush(stdout) == 0 && written;
  }
  void forget() { lines_.clear(); }
  // MaxQueueRunSize are printed.
  bool is_full() const { return most_ != 0 && printed_ == most_; }
  std::uint64_t selected() const { return selected_.value_or(0); }

 private:
  void begin(std::uint64_t selected) {
    selected_ = selected;
    if (json_) return;
    lines_ += heading(directory_, selected, most_);
    if (selected > 0) lines_ += title(verbose_);
  }

  const bool json_, verbose_;
  const std::uint64_t most_;  // MaxQueueRunSize
  const std::string directory_;
  Listing listing_;
  monitor::QueuedMessage message_;
  std::string lines_;
  std::uint64_t printed_ = 0;
  std::optional<std::uint64_t> selected_;
};

constexpr const char* kCannotWrite = "cannot write to standard output";

// Lists one queue; the status.
int list_one(const Work& work, const observe::Queue& queue, const route::QueueGroup& group, std::uint64_t& total) {
  auto listing = standstill::QueueListing::begin(queue, orders_of(work, group));
  const bool retired = observe::is_retired(queue);  // not worth a word unless there is something in it
  Printer printer(work, queue.directory);
  const auto unlisted = [&](const std::string& why) {
    if (why == ipc::kOwnerOnly) return EX_NOPERM;
    if (retired && printer.selected() == 0) return EX_OK;
    const char* const what = printer.selected() == 0 ? "cannot be listed" : "cannot be listed whole";
    return work.fail(EX_UNAVAILABLE, fmt::format("{} {}: {}", queue.directory, what, mail::transcript::harmless(why)));
  };
  if (!listing) return unlisted(listing.error());
  for (;;) {
    const auto last = listing->take([&](Octets answer) { printer.take(answer); });
    const bool done = printer.is_full() || !last || *last;
    total += done ? printer.selected() : 0;
    if (retired && printer.selected() == 0) printer.forget();
    if (!printer.print()) return work.fail(EX_IOERR, kCannotWrite);
    if (!last && !printer.is_full()) return unlisted(last.error());
    if (done) return EX_OK;
  }
}

// How many messages a queue holds, asking for none of them.
Result<std::uint64_t, std::string> count_of(const observe::Queue& queue) {
  standstill::ListingOrders all;
  all.selector.view = select::View::kAny;
  all.order = select::SortOrder::kNone;
  auto listing = standstill::QueueListing::begin(queue, all);
  if (!listing) return fail(listing.error());
  for (std::optional<std::uint64_t> count;;) {
    const auto last = listing->take([&](Octets answer) {
      if (!count) count = selected_in(answer);
    });
    if (count) return *count;
    if (!last) return fail(last.error());
    if (*last) return fail(std::string("no answer"));
  }
}

// As sendmail does, whose mailq does not fail then; programs that read JSON are told by the status.
int refuse(const Work& work) {
  complain(work.program, Misuse{"You are not permitted to see the queue", true});
  if (work.options.json) return EX_NOPERM;
  std::fputs(total(0).c_str(), stdout);
  return std::fflush(stdout) == 0 ? EX_OK : work.fail(EX_IOERR, kCannotWrite);
}

}  // namespace

int list_queue(const Work& work) {
  const auto groups = queues_by_group(work, Retired::kIncluded);
  if (!groups) return complain(work.program, groups.error()), EX_USAGE;
  int status = EX_OK;
  std::uint64_t total_selected = 0;
  for (const GroupQueues& each : *groups)
    for (const observe::Queue& queue : each.queues) {
      const int one = list_one(work, queue, each.group, total_selected);
      if (one == EX_NOPERM) return refuse(work);
      if (one != EX_OK) status = one;
    }
  if (!work.options.json && work.options.queue.group.empty()) std::fputs(total(total_selected).c_str(), stdout);
  if (std::fflush(stdout) != 0) return work.fail(EX_IOERR, kCannotWrite);
  return status;
}

int count_queue(const Work& work) {
  const auto groups = queues_by_group(work, Retired::kIncluded);
  if (!groups) return complain(work.program, groups.error()), EX_USAGE;
  std::uint64_t all = 0;
  for (const GroupQueues& each : *groups)
    for (const observe::Queue& queue : each.queues) {
      const auto count = count_of(queue);
      if (!count && count.error() == ipc::kOwnerOnly) return refuse(work);
      all += count.value_or(0);
      if (count.value_or(0) == 0 && observe::is_retired(queue)) continue;
      if (!count)
        fmt::print("{}: unknown number of entries\n", queue.directory);
      else if (*count == 0)
        fmt::print("{} is empty\n", queue.directory);
      else
        fmt::print("{}: entries={}\n", queue.directory, *count);
    }
  std::fputs(total(all).c_str(), stdout);
  return std::fflush(stdout) == 0 ? EX_OK : work.fail(EX_IOERR, kCannotWrite);
}

}  // namespace sluice::sendmail
