#include "core/local/mbox_format.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace sluice::local {

namespace {

constexpr std::string_view kFrom = "From ";
constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string mbox_from_line(std::string_view sender, WallTime when) {
  using namespace std::chrono;
  const sys_seconds second{seconds(to_seconds(when))};
  const sys_days day = floor<days>(second);
  const year_month_day date{day};
  const hh_mm_ss time{second - day};
  std::string name(sender.empty() ? "MAILER-DAEMON" : sender);
  for (char& c : name)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) c = '-';
  return fmt::format("From {} {} {} {:2} {:02}:{:02}:{:02} {}\n", name, kDays[weekday(day).c_encoding()],
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     static_cast<int>(date.year()));
}

void MboxQuoter::append(std::string& out, Octets piece) {
  while (!piece.empty()) {
    if (!in_prefix_) {  // the rest of a line that is judged, in one go
      const std::size_t end = piece.find('\n');
      const std::size_t count = end == Octets::npos ? piece.size() : end + 1;
      out.append(piece.substr(0, count));
      piece.remove_prefix(count);
      in_prefix_ = end != Octets::npos;
      line_open_ = !in_prefix_;
      continue;
    }
    const char c = piece.front();
    if (c == kFrom[matched_]) {
      line_open_ = true;
      piece.remove_prefix(1);
      if (++matched_ < kFrom.size()) continue;
      out.append(">").append(kFrom);
      in_prefix_ = false;
      matched_ = 0;
    } else if (c == '>' && matched_ == 0) {
      line_open_ = true;
      out += c;
      piece.remove_prefix(1);
    } else {
      out.append(kFrom.substr(0, matched_));
      in_prefix_ = false;
      matched_ = 0;
    }
  }
}

void MboxQuoter::finish(std::string& out) {
  out.append(kFrom.substr(0, matched_));
  if (line_open_) out += '\n';
  out += '\n';
  *this = {};
}

}  // namespace sluice::local
