// Activity: the lines of qmail-send's activity record, gathered during a turn and written to descriptor 0 in one piece
// at its end. A logger that does not read makes the write wait: lines are not dropped.
//
// One that is gone is replaced where there is a qscheduler. Its successor gets what was not written yet, from the start
// of a line; what exceeds kMostKept until then is counted and dropped, the newest first. What the old one had not read
// from its pipe is lost. Nothing waits meanwhile. A reader that nobody replaces is done without.
//
// With the log lock each write is made under an exclusive lock (flock) on a file that the queues share. Whoever else
// holds it for longer than a moment is not waited for.
#pragma once

#include <functional>
#include <string>

#include "core/mail/activity_log.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::scheduler {

class Activity {
 public:
  static constexpr std::size_t kMostKept = 1 << 20;  // octets

  struct LogLock {
    std::string path;
    bool enabled = false;
  };
  Activity(net::Loop& loop, int descriptor, std::string_view queue, std::string_view qident, LogLock lock,
           std::size_t most_kept = kMostKept)
      : loop_(loop), descriptor_(descriptor), lines_(queue, qident), lock_(std::move(lock)), most_kept_(most_kept) {}

  // Appends lines: activity.add([&](std::string& out, const mail::ActivityLog& lines) { lines.end_message(out, id); });
  template <class Add>
  void add(Add&& add_lines) {
    add_lines(buffer_, lines_);
    if (asked_) return;
    asked_ = true;
    loop_.at_turn_end([this] { flush(); });
  }
  void flush();

  // Called when the reader is found to be gone. True: replace() will bring another.
  void on_lost(std::function<bool()> lost) { lost_ = std::move(lost); }
  // The writing end for the next reader; takes the place of the descriptor.
  void replace(os::Fd end);

  // INT. Says what it is now; without the file it stays off.
  void toggle_lock();

 private:
  enum class Reader { kReads, kMissing, kGone };

  os::Fd lock();
  void write();
  void reader_lost(std::size_t written);
  void keep();

  net::Loop& loop_;
  int descriptor_;
  mail::ActivityLog lines_;
  std::string buffer_;
  Reader reader_ = Reader::kReads;
  std::function<bool()> lost_;
  std::size_t kept_ = 0;     // octets of buffer_, once lines were dropped
  std::size_t dropped_ = 0;  // lines behind these
  LogLock lock_;
  MonoTime no_lock_before_{};  // somebody holds it
  std::size_t most_kept_;
  bool asked_ = false;
};

}  // namespace sluice::scheduler
