// sendmail -bp, mailq: asks the scheduler of each queue what it holds and prints it as it comes, so that neither side
// holds a long list. sendmail -bP: only how many there are.
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json_cursor.h"
#include "listing.h"
#include "queues.h"
#include "system/ipc/control.h"
#include "system/os/clock.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

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

json query_of(const Work& work, const route::QueueGroup& group) {
  json query = {{"what", "queue"}, {"selector", select::to_json(work.options.queue.selector)}};
  query["order"] = select::name_of(order_of(work, group));
  if (group.jobs != 0) query["most"] = group.jobs;  // MaxQueueRunSize is for us: the count is that of all
  return query;
}

Listing::Form form_of(const Work& work) {
  const settings::Settings& settings = work.settings;
  return {work.options.verbose,
          {settings.queue_run_recipient_factor, settings.queue_run_class_factor, settings.queue_run_retry_factor},
          to_seconds(os::wall_now())};
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

// Waits for something to take; false: not even a sign of life has come.
bool is_answering(const ipc::Asking& asking) {
  constexpr int kPatience = 20'000;  // milliseconds; a sign comes every ControlServer::kSignOfLife
  pollfd polled{asking.descriptor(), POLLIN, 0};
  int ready = 0;
  do ready = ::poll(&polled, 1, kPatience);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

constexpr const char* kCannotWrite = "cannot write to standard output";

// Lists one queue; the status.
int list_one(const Work& work, const observe::Queue& queue, const route::QueueGroup& group, std::uint64_t& total) {
  const auto unlisted = [&](const std::string& why) {
    if (why == ipc::kOwnerOnly) return EX_NOPERM;
    return work.fail(EX_UNAVAILABLE, fmt::format("{} cannot be listed: {}", queue.directory, why));
  };
  auto asking = ipc::Asking::begin(queue.control, query_of(work, group));
  if (!asking) return unlisted(asking.error());
  Printer printer(work, queue.directory);
  for (;;) {
    if (!is_answering(*asking)) return unlisted("its daemon does not answer");
    const auto last = asking->take([&](Octets answer) { printer.take(answer); });
    const bool done = printer.is_full() || (last && *last);
    total += done ? printer.selected() : 0;
    if (!printer.print()) return work.fail(EX_IOERR, kCannotWrite);
    if (done) return EX_OK;
    if (!last) return unlisted(last.error());
  }
}

// How many messages a queue holds, asking for none of them.
Result<std::uint64_t, std::string> count_of(const observe::Queue& queue) {
  select::Selector all;
  all.view = select::View::kAny;
  auto asking = ipc::Asking::begin(queue.control, {{"what", "queue"}, {"selector", select::to_json(all)}});
  if (!asking) return fail(asking.error());
  std::optional<std::uint64_t> count;
  while (!count && is_answering(*asking)) {
    const auto last = asking->take([&](Octets answer) {
      if (!count) count = selected_in(answer);
    });
    if (!last) return fail(last.error());
    if (*last) break;
  }
  if (!count) return fail(std::string("no answer"));
  return *count;
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
  const auto groups = queues_by_group(work);
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
  const auto groups = queues_by_group(work);
  if (!groups) return complain(work.program, groups.error()), EX_USAGE;
  std::uint64_t all = 0;
  for (const GroupQueues& each : *groups)
    for (const observe::Queue& queue : each.queues) {
      const auto count = count_of(queue);
      if (!count && count.error() == ipc::kOwnerOnly) return refuse(work);
      all += count.value_or(0);
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
