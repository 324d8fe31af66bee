// A message as it stands in an mbox file, in the form called mboxrd (qmail's):
//
//   From SENDER Thu Nov 22 07:47:42 2026      time in UTC; SENDER without white space; MAILER-DAEMON for none
//   header and body, LF line ends; a '>' put before each line that consists of any number of '>' and "From "
//   an empty line
//
// A reader that takes off one '>' gets the message back. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace sluice::local {

// "From SENDER Thu Nov 22 07:47:42 2026\n"
std::string mbox_from_line(std::string_view sender, WallTime when);

// Quotes a message in LF form that comes in pieces. Keeps no more than the '>' and "From " that a line begins with.
class MboxQuoter {
 public:
  void append(std::string& out, Octets piece);
  // After the last piece: ends an unfinished line, adds the empty line.
  void finish(std::string& out);

 private:
  bool take(char c);         // one more octet at the beginning of a line; true while it still could be a From line
  std::string held_;         // the beginning of a line that is not judged yet
  std::size_t matched_ = 0;  // octets of "From " seen
  bool at_start_ = true;     // of a line, judged so far by held_
  bool line_open_ = false;   // something stands in the current line
};

}  // namespace sluice::local
