#include "core/mail/activity_log.h"

#include <fmt/format.h>

#include <type_traits>

#include "core/mail/address.h"

namespace sluice::mail {

namespace {

struct Foreign {  // text that somebody else chose
  std::string_view text;
};
struct Address {  // likewise, and an empty one is shown as <>
  std::string_view text;
};

void put_one(std::string& out, std::string_view text) { out.append(text); }
void put_one(std::string& out, char c) { out.push_back(c); }
void put_one(std::string& out, Foreign foreign) { append_printable(out, foreign.text); }
void put_one(std::string& out, queue::MessageId id) {
  const fmt::format_int digits(id.raw());
  out.append(digits.data(), digits.size());
}
void put_one(std::string& out, Address address) {
  if (address.text.empty()) return put_one(out, "<>");
  append_printable(out, address.text);
}
template <class Number>
requires std::is_unsigned_v<Number>
void put_one(std::string& out, Number number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

template <class... Parts>
void put(std::string& out, const Parts&... parts) {
  (put_one(out, parts), ...);
}

std::string_view word_of(TodoMode mode) {
  switch (mode) {
    case TodoMode::kOpendir:
      return "opendir";
    case TodoMode::kMqueue:
      return "mqueue";
    case TodoMode::kCompat:
      return "compat";
  }
  return "mqueue";
}

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDelivered:
      return "success";
    case Verdict::kDeferred:
      return "deferral";
    case Verdict::kFailed:
      return "failure";
  }
  return "deferral";
}

}  // namespace

ActivityLog::ActivityLog(std::string_view queue, std::string_view qident) {
  put(queue_, ' ', Foreign{queue});
  if (!qident.empty()) put(qident_, '.', Foreign{qident});
}

void ActivityLog::new_message(std::string& out, MessageId id) const { put(out, "new msg ", id, queue_, '\n'); }

void ActivityLog::message_info(std::string& out, MessageId id, std::uint64_t bytes, std::string_view sender,
                               std::uint32_t pid, std::uint32_t uid) const {
  put(out, "info msg ", id, ": bytes ", bytes, " from <", Foreign{sender}, "> qp ", pid, " uid ", uid, queue_, '\n');
}

void ActivityLog::recipient(std::string& out, std::string_view channel, std::string_view sender,
                            std::string_view address, MessageId id, std::uint64_t bytes, TodoMode mode) const {
  put(out, channel, ": ", Address{sender}, ' ', Address{address}, ' ', id, ' ', bytes, " bytes", queue_, ' ',
      word_of(mode), " mode\n");
}

void ActivityLog::starting_delivery(std::string& out, std::uint64_t number, MessageId id, std::string_view channel,
                                    std::string_view address) const {
  put(out, "starting delivery ", number, qident_, ": msg ", id, " to ", channel, ' ', Foreign{address}, queue_, '\n');
}

void ActivityLog::delivery(std::string& out, std::uint64_t number, Verdict verdict, std::string_view text) const {
  put(out, "delivery ", number, qident_, ": ", word_of(verdict), ": ", Foreign{text}, queue_, '\n');
}

void ActivityLog::delivery_mangled(std::string& out, std::uint64_t number) const {
  put(out, "delivery ", number, ": report mangled, will defer:", queue_, '\n');
}

void ActivityLog::status(std::string& out, const ActivityStatus& status) const {
  const auto held = [](bool is_held) { return std::string_view(is_held ? " (held)" : ""); };
  put(out, "status: local ", status.local, '/', status.local_limit, held(status.local_held), " remote ", status.remote,
      '/', status.remote_limit, held(status.remote_held));
  if (status.delayed_jobs) put(out, " delayed jobs=", *status.delayed_jobs);
  put(out, queue_, status.exit_asap ? " exitasap\n" : "\n");
}

void ActivityLog::bounce(std::string& out, MessageId id, std::uint32_t pid) const {
  put(out, "bounce msg ", id, " qp ", pid, queue_, '\n');
}

void ActivityLog::notice(std::string& out, MessageId id, std::uint32_t pid) const {
  put(out, "notice msg ", id, " qp ", pid, queue_, '\n');
}

void ActivityLog::warning(std::string& out, MessageId id, std::uint32_t pid) const {
  put(out, "warning msg ", id, " qp ", pid, queue_, '\n');
}

void ActivityLog::double_bounce_discarded(std::string& out, MessageId id) const {
  put(out, "double bounce: discarding bounce/", id, queue_, '\n');
}

void ActivityLog::triple_bounce_discarded(std::string& out, MessageId id) const {
  put(out, "triple bounce: discarding bounce/", id, queue_, '\n');
}

void ActivityLog::split(std::string& out, MessageId message, std::size_t count, MessageId id,
                        std::string_view group) const {
  put(out, "split msg ", message, ": split: count=", count, ", id=", id, ", group=", Foreign{group}, queue_, '\n');
}

void ActivityLog::end_message(std::string& out, MessageId id) const {
  put(out, "end msg ", id, " qmail-send:", queue_, '\n');
}

void ActivityLog::scheduler_start(std::string& out, std::uint32_t pid, std::string_view queue_directory,
                                  bool rate_limit, bool log_lock, unsigned split) const {
  put(out, "info: qmail-send: pid ", pid, ": ", queue_directory, ": ratelimit=", rate_limit ? "ON" : "OFF",
      ", loglock=", log_lock ? "enabled" : "disabled", ", conf split=", split, '\n');
}

void ActivityLog::scheduler_exit(std::string& out, std::uint32_t pid) const {
  put(out, "info: qmail-send: pid ", pid, queue_, " exiting\n");
}

void ActivityLog::scheduler_signal(std::string& out, std::uint32_t pid, std::string_view signal) const {
  put(out, "alert: qmail-send: pid ", pid, " got ", signal, ':', queue_, '\n');
}

void ActivityLog::scheduler_lost(std::string& out, std::string_view peer) const {
  put(out, "alert: qmail-send:", queue_, ": oh no! lost ", peer, " connection! dying...\n");
}

void ActivityLog::scheduler_cannot_start(std::string& out, std::string_view reason) const {
  put(out, "alert: qmail-send:", queue_, ": cannot start: ", reason, '\n');
}

void ActivityLog::scheduler_warning(std::string& out, std::string_view reason) const {
  put(out, "warn: qmail-send:", queue_, ": ", reason, '\n');
}

void ActivityLog::scheduler_notice(std::string& out, std::string_view deed) const {
  put(out, "notice: qmail-send:", queue_, ": ", deed, '\n');
}

void ActivityLog::scheduler_log_lock(std::string& out, bool enabled) const {
  put(out, "info: qmail-send:", queue_, ": loglock ", enabled ? "enabled\n" : "disabled\n");
}

void ActivityLog::scheduler_attaching(std::string& out) const {
  put(out, "info: qmail-send:", queue_, ": no pending jobs, attaching back to todo-proc\n");
}

void ActivityLog::scheduler_detaching(std::string& out) const {
  // The missing letter is part of the form: scripts look for the line as it has always been written.
  put(out, "alert: qmail-send:", queue_, ": no pending deliveries. Instrucing todo-proc to detach...\n");
}

void ActivityLog::todo_start(std::string& out, std::uint32_t pid, std::string_view queue_directory, unsigned split,
                             unsigned chunk_size, bool big_todo) const {
  put(out, "info: todo-proc: pid ", pid, ": ", queue_directory, ": conf split=", split,
      ", todo chunk size=", chunk_size, ", bigtodo=", big_todo ? "yes\n" : "no\n");
}

void ActivityLog::todo_mode(std::string& out, TodoMode mode) const {
  put(out, "info: todo-proc:", queue_, ": Resetting to ", word_of(mode), " mode\n");
}

void ActivityLog::todo_subdirectory(std::string& out, unsigned split, std::uint64_t file, bool incorrect) const {
  put(out, incorrect ? "warn" : "info", ": todo-proc:", queue_, ": subdir=todo/", split, " fn=todo/", split, '/', file,
      incorrect ? " incorrect split\n" : "\n");
}

void ActivityLog::todo_signal(std::string& out, std::uint32_t pid, std::string_view signal) const {
  put(out, "alert: todo-proc: pid ", pid, " got ", signal, ':', queue_, '\n');
}

void ActivityLog::todo_ordered_to_quit(std::string& out, std::uint32_t pid) const {
  put(out, "alert: todo-proc: pid ", pid, " ordered to quit by qmail-send:", queue_, '\n');
}

void ActivityLog::todo_detached(std::string& out, std::uint32_t pid) const {
  put(out, "alert: todo-proc: pid ", pid, " got 'D' command: todo-proc detached:", queue_, '\n');
}

void ActivityLog::todo_attached(std::string& out, std::uint32_t pid) const {
  put(out, "alert: todo-proc: pid ", pid, " got 'A' command: todo-proc attached:", queue_, '\n');
}

void ActivityLog::todo_stopping(std::string& out) const {
  put(out, "info: todo-proc:", queue_, " stop todo processing asap\n");
}

}  // namespace sluice::mail
