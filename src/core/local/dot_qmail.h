// .qmail files (dot-qmail(5)). A line is one instruction:
//
//   #...            comment
//   |command        program
//   ./path, /path   mbox; with a final '/' Maildir
//   &address        forward; the '&' may be left out before a letter, digit or anything not named here
//   +list           from here on forwards only; any other line that begins with '+' does nothing
//
// Spaces and tabs at the end of a line do not count. A blank line does nothing, except as the first line, which is an
// error: a file that was meant to say something and was cut. No octet is special otherwise; a NUL is an error.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/local/instruction.h"

namespace sluice::local {

struct DotQmail {
  bool use_default = false;               // the file is of no octets: the default delivery takes its place
  bool list = false;                      // it says +list
  std::vector<Instruction> instructions;  // empty without use_default: the message is discarded
};

// Reads a whole file. `forwards_only`: it has the owner's execute bit, so that a mailbox or program in it is an error,
// as it is behind +list. Errors are found before any instruction is followed.
Result<DotQmail, InstructionError> parse_dot_qmail(Octets text, bool forwards_only);

}  // namespace sluice::local
