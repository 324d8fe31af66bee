// Activity: the lines of qmail-send's activity record, gathered during a turn and written to descriptor 0 in one piece
// at its end. A logger that does not read makes the write wait: lines are not dropped.
#pragma once

#include <string>

#include "core/mail/activity_log.h"
#include "system/net/loop.h"

namespace sluice::scheduler {

class Activity {
 public:
  Activity(net::Loop& loop, int descriptor, std::string_view queue, std::string_view qident)
      : loop_(loop), descriptor_(descriptor), lines_(queue, qident) {}

  // Appends lines: activity.add([&](std::string& out, const mail::ActivityLog& lines) { lines.end_message(out, id); });
  template <class Add>
  void add(Add&& add_lines) {
    add_lines(buffer_, lines_);
    if (asked_) return;
    asked_ = true;
    loop_.at_turn_end([this] { flush(); });
  }
  void flush();

 private:
  net::Loop& loop_;
  int descriptor_;
  mail::ActivityLog lines_;
  std::string buffer_;
  bool asked_ = false;
};

}  // namespace sluice::scheduler
