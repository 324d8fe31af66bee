// The activity record of qmail-send and todo-proc: every line of qmail-log(5) as the multi-queue form writes it (the
// name of the queue stands in each line, ".QIDENT" behind each delivery number), so that matchup, qmail-analog tools
// and operators' own scripts read it. Messages are named by the decimal MessageId.
//
// Pure: a line is appended to a string, with its line feed and without a time stamp; whoever writes the string out adds
// that. Addresses and report texts are foreign and are made printable here (address.h). No call allocates beyond the
// growth of `out`; one line costs some tens of nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "core/mail/outcome.h"

namespace sluice::queue {
struct MessageTag;
using MessageId = Id<MessageTag>;  // as in core/queue/message.h, which builds on this folder
}  // namespace sluice::queue

namespace sluice::mail {

// How todo-proc learnt of the message. Messages of the intake socket are announced like those of a POSIX message queue
// and bear its word.
enum class TodoMode : std::uint8_t { kOpendir, kMqueue, kCompat };

struct ActivityStatus {
  unsigned local = 0, local_limit = 0;
  unsigned remote = 0, remote_limit = 0;
  bool local_held = false, remote_held = false;
  std::optional<std::uint64_t> delayed_jobs = std::nullopt;
  bool exit_asap = false;
};

class ActivityLog {
 public:
  using MessageId = queue::MessageId;

  // queue   last component of the queue's directory, e.g. "queue1"
  // qident  number put behind delivery numbers; empty: none
  ActivityLog(std::string_view queue, std::string_view qident);

  // The way of a message. `channel` is "local", "remote" or "lmtp". `number` counts deliveries from 1.
  void new_message(std::string& out, MessageId id) const;
  void message_info(std::string& out, MessageId id, std::uint64_t bytes, std::string_view sender, std::uint32_t pid,
                    std::uint32_t uid) const;
  void recipient(std::string& out, std::string_view channel, std::string_view sender, std::string_view address,
                 MessageId id, std::uint64_t bytes, TodoMode mode) const;
  void starting_delivery(std::string& out, std::uint64_t number, MessageId id, std::string_view channel,
                         std::string_view address) const;
  void delivery(std::string& out, std::uint64_t number, Verdict verdict, std::string_view text) const;
  void delivery_mangled(std::string& out, std::uint64_t number) const;
  void status(std::string& out, const ActivityStatus& status) const;
  // A report about the message was queued by process `pid`: of failure, of success alone, of delay.
  void bounce(std::string& out, MessageId id, std::uint32_t pid) const;
  void notice(std::string& out, MessageId id, std::uint32_t pid) const;
  void warning(std::string& out, MessageId id, std::uint32_t pid) const;
  void double_bounce_discarded(std::string& out, MessageId id) const;
  void triple_bounce_discarded(std::string& out, MessageId id) const;
  // So many recipients were handed over to a queue of another group, as `id`.
  void split(std::string& out, MessageId message, std::size_t count, MessageId id, std::string_view group) const;
  void end_message(std::string& out, MessageId id) const;

  // The life of qmail-send.
  void scheduler_start(std::string& out, std::uint32_t pid, std::string_view queue_directory, bool rate_limit,
                       bool log_lock, unsigned split) const;
  void scheduler_exit(std::string& out, std::uint32_t pid) const;
  void scheduler_signal(std::string& out, std::uint32_t pid, std::string_view signal) const;  // "TERM" "ALRM" "HUP"
  void scheduler_lost(std::string& out, std::string_view peer) const;  // "spawn" "qmail-clean" "todo-proc"
  void scheduler_cannot_start(std::string& out, std::string_view reason) const;
  void scheduler_warning(std::string& out, std::string_view reason) const;
  void scheduler_notice(std::string& out, std::string_view deed) const;
  void scheduler_log_lock(std::string& out, bool enabled) const;
  void scheduler_attaching(std::string& out) const;
  void scheduler_detaching(std::string& out) const;

  // The life of todo-proc.
  void todo_start(std::string& out, std::uint32_t pid, std::string_view queue_directory, unsigned split,
                  unsigned chunk_size, bool big_todo) const;
  void todo_mode(std::string& out, TodoMode mode) const;
  void todo_subdirectory(std::string& out, unsigned split, std::uint64_t file, bool incorrect) const;
  void todo_signal(std::string& out, std::uint32_t pid, std::string_view signal) const;  // "HUP" "TERM"
  void todo_ordered_to_quit(std::string& out, std::uint32_t pid) const;
  void todo_detached(std::string& out, std::uint32_t pid) const;
  void todo_attached(std::string& out, std::uint32_t pid) const;
  void todo_stopping(std::string& out) const;

 private:
  std::string queue_;   // " queue1"
  std::string qident_;  // ".1" or empty
};

}  // namespace sluice::mail
