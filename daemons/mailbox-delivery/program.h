// Runs one program of a recipient, with the recipient's rights, in a process group of its own. It is given the message
// and its environment and nothing else; what it says is kept in part and the rest thrown away, so that a flood costs
// nobody anything. When its time is up, its group is killed; what it has put into groups of their own is out of reach.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "system/os/environment.h"
#include "system/os/fd.h"

namespace sluice::mailbox_delivery {

struct ProgramRun {
  std::vector<std::string> arguments;  // the first is the path of the program
  os::Environment environment;
  os::Fd message;           // its descriptor 0
  std::string directory{};  // empty: stays
  std::chrono::steady_clock::time_point deadline{};
};

struct ProgramEnd {
  int status = 0;         // of waitpid
  bool too_long = false;  // it was killed for that
  bool stopped = false;   // it was killed because we are to end
  std::string output;     // the first and the last kKeptOutput octets
};

inline constexpr std::size_t kKeptOutput = 2000;

// The error: it could not be started; a text.
Result<ProgramEnd, std::string> run_program(ProgramRun run);

// From now on SIGTERM ends a run_program() early; whatever else this process does has five seconds to come to its end.
void heed_termination();

}  // namespace sluice::mailbox_delivery
