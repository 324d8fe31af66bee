// What the end of a delivery program means (qmail-command(8); sysexits.h as sendmail's programs use it). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/mail/outcome.h"

namespace sluice::local {

enum class ProgramVerdict : std::uint8_t {
  kGoOn,   // done: the next instruction
  kStop,   // done, and the instructions behind it are skipped (99)
  kDefer,  // temporary: the whole delivery is tried again
  kFail,   // permanent: the rest is skipped too
};

// 0: kGoOn. 99: kStop. 64, 65, 70, 76, 77, 78, 100, 112: kFail. 75, 111 and all others: kDefer. (67 EX_NOUSER and 68
// EX_NOHOST are temporary, as in qmail.)
ProgramVerdict verdict_of_exit(int code);

// `wait_status` as waitpid(2) gives it; death by a signal is temporary.
ProgramVerdict verdict_of_status(int wait_status);

// The outcome of kDefer and kFail: the first line of what the program said if it said anything, else what happened.
//   output  what the program wrote, cut by the caller to a bound; any octets
mail::Outcome program_outcome(int wait_status, std::string_view output);

}  // namespace sluice::local
