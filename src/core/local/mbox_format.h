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

// Quotes a message in LF form that comes in pieces. Keeps no more than the "From " that a line may begin with: the '>'
// of the quote goes behind those that stand there, which comes to the same.
class MboxQuoter {
 public:
  void append(std::string& out, Octets piece);
  // After the last piece: ends an unfinished line, adds the empty line.
  void finish(std::string& out);

 private:
  bool in_prefix_ = true;    // all octets of this line so far are '>' or the first of "From "
  std::size_t matched_ = 0;  // how many of "From "; they are held back
  bool line_open_ = false;   // this line has octets
};

}  // namespace sluice::local
