// What the -q options of one command line ask for, all of them together (sendmail's chapter 11.8). Made by
// take_queue(); read by the modes that run the queue, list it and become a daemon.
//
//   -q  -q0  -q-  -q!       once                 -qp[TIME]            over and over, TIME after the end of a run
//   -qTIME                  every TIME           -qf                  once, and in the foreground
//   -q[!]I -q[!]R -q[!]S    select messages      -q[!]Q[reason]  -qL  the view of held, of lost messages
//   -qGNAME                 one queue group
//
// They accumulate: each selection is kept, the time is the one given last.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/select/selector.h"

namespace sluice::sendmail {

struct QueueRequest {
  bool given = false;               // any -q
  std::chrono::seconds interval{};  // 0: once, or with persistent: none given, so 1 s, and 5 s after an empty run
  bool persistent = false;          // -qp
  bool foreground = false;          // -qf
  select::Selector selector{};      // -qI -qR -qS -qQ, and the view
  std::string group{};              // -qG, as given; empty: all

  bool is_once() const { return interval == std::chrono::seconds::zero() && !persistent; }
  friend bool operator==(const QueueRequest&, const QueueRequest&) = default;
};

// Why a command line is refused. The status is EX_USAGE.
struct Misuse {
  std::string text;            // lines, without a final newline
  bool word_for_word = false;  // printed without the name of the program and logged, as the chapter has it
  friend bool operator==(const Misuse&, const Misuse&) = default;
};

// One -q with what stands behind it.
Result<void, Misuse> take_queue(std::string_view value, QueueRequest& request);

// A time as sendmail reads it: [-] then groups of digits and a unit of w d h m s, added up; a group without a unit
// counts minutes. Nothing in front of a unit is 0; numbers that do not fit count as the largest.
//   errors  "Invalid time unit `X'" once for each wrong character, one a line; "Invalid -q value": negative, or "now"
Result<std::chrono::seconds, Misuse> parse_interval(std::string_view text);

}  // namespace sluice::sendmail
