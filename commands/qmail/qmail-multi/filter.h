// The filter of qmail-multi: FILTERARGS, a command line of the operator's own, run by the shell as whoever called us.
// It reads the message on descriptor 0 and writes what is to be queued to descriptor 1.
#pragma once

#include <optional>
#include <string>

#include "system/os/environment.h"
#include "system/os/fd.h"

namespace sluice::qmail_multi {

struct Filtered {
  int exit = 0;    // what qmail-multi is to exit with, unless there is a message
  os::Fd message;  // at its beginning; none: the program ends, even with exit 0 (the message is dropped)
};
Filtered run_filter(const std::string& command, const os::Environment& environment);

// What an exit status of a filter means: the exit code of qmail-multi, or nothing to go on.
std::optional<int> verdict_of(int status);

}  // namespace sluice::qmail_multi
