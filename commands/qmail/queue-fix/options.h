// The command line of queue-fix:
//
//   queue-fix [-i] [-m] [-N] [-r] [-t] [-v] [-s split] [-b 0|1] [-S size] [--export DIR] queue_dir
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::queue_fix {

struct Options {
  bool ask = false;                  // -i: before each kind of change
  bool change_nothing = false;       // -N
  bool rate_limit = false;           // -r: a ratelimit directory too
  bool one_user = false;             // -m: what is qmails' becomes qmailq's
  bool trash = false;                // -t: with --export, a trash directory too
  bool verbose = false;              // -v
  std::optional<unsigned> split;     // -s
  std::optional<bool> big_todo;      // -b
  std::optional<std::size_t> tcpto;  // -S: octets of lock/tcpto
  std::string directory;
  std::string export_to;  // --export: empty, not asked for
};

// Without --export -t has no effect: the trash directory is part of every queue.
//   errors  a sentence
Result<Options, std::string> parse(int argc, char* const* argv);

}  // namespace sluice::queue_fix
