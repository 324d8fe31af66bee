// .forward files as sendmail reads them: addresses separated by commas or line ends,
//
//   user@host  Name <user@host>  "|command args"  |command  "/file"  /file  \user  :include:/path  # comment line
//
// A comma inside quotes, brackets or a comment in parentheses separates nothing. Inside quotes '\' takes the next octet
// as it is. A line that begins with white space continues nothing here (unlike aliases): every line end separates.
// "/dev/null" is a file like any other; the deliverer knows it.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/local/instruction.h"

namespace sluice::local {

// An empty list: the file says nothing, and mail is delivered as if it were not there.
Result<std::vector<Instruction>, InstructionError> parse_dot_forward(Octets text);

// The file behind ":include:PATH": the same grammar. Its targets may not be programs, files or includes unless
// `programs_and_files` (the file's owner may say so for its own uid).
Result<std::vector<Instruction>, InstructionError> parse_include(Octets text, bool programs_and_files);

}  // namespace sluice::local
