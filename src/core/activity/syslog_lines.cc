#include "core/activity/syslog_lines.h"

#include <fmt/format.h>

namespace sluice::activity {

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

char printable(char c) { return c >= ' ' && c <= '~' ? c : '?'; }

}  // namespace

Priority priority_of(std::string_view line) {
  if (line.starts_with("alert:")) return Priority::kAlert;
  if (line.starts_with("warning:") || line.starts_with("warn:")) return Priority::kWarning;
  if (line.starts_with("notice:")) return Priority::kNotice;
  return Priority::kInformation;
}

void SyslogLines::take(std::string_view octets, std::int64_t now) {
  for (const char c : octets) {
    if (c == '\n') {
      finish();
      continue;
    }
    if (piece_.empty() && !continued_) began_ = now;
    if (piece_.size() == kLongestPiece) flush();
    piece_.push_back(printable(c));
  }
}

void SyslogLines::finish() {
  if (!piece_.empty()) flush();
  continued_ = false;
}

void SyslogLines::flush() {
  if (!continued_) priority_ = priority_of(piece_);
  emit_(priority_,
        fmt::format("{}.{:06}{}{}", began_ / kMicroseconds, began_ % kMicroseconds, continued_ ? '+' : ' ', piece_));
  piece_.clear();
  continued_ = true;
}

}  // namespace sluice::activity
