// Activity: the lines of qmail-send's activity record, gathered during a turn and written to descriptor 0 in one piece
// at its end. A logger that does not read makes the write wait: lines are not dropped.
//
// With the log lock each write is made under an exclusive lock (flock) on a file that the queues share. Whoever else
// holds it for longer than a moment is not waited for.
#pragma once

#include <string>

#include "core/mail/activity_log.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::scheduler {

class Activity {
 public:
  struct LogLock {
    std::string path;
    bool enabled = false;
  };
  Activity(net::Loop& loop, int descriptor, std::string_view queue, std::string_view qident, LogLock lock)
      : loop_(loop), descriptor_(descriptor), lines_(queue, qident), lock_(std::move(lock)) {}

  // Appends lines: activity.add([&](std::string& out, const mail::ActivityLog& lines) { lines.end_message(out, id); });
  template <class Add>
  void add(Add&& add_lines) {
    add_lines(buffer_, lines_);
    if (asked_) return;
    asked_ = true;
    loop_.at_turn_end([this] { flush(); });
  }
  void flush();

  // INT. Says what it is now; without the file it stays off.
  void toggle_lock();

 private:
  os::Fd lock();
  void write();

  net::Loop& loop_;
  int descriptor_;
  mail::ActivityLog lines_;
  std::string buffer_;
  LogLock lock_;
  MonoTime no_lock_before_{};  // somebody holds it
  bool asked_ = false;
};

}  // namespace sluice::scheduler
