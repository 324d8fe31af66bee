// What qmail-multi becomes, and which queue it names to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system/os/environment.h"

namespace sluice::qmail_multi {

struct Target {
  std::vector<std::string> arguments;  // with argument 0, which is the program
  bool is_qmail_queue = false;         // gets a queue, and its disk is checked
};

// arguments: our own, without argument 0. Else QUEUEPROG, which is taken out of the environment; else `fallback`.
Target choose_target(std::vector<std::string> arguments, os::Environment& environment, const std::string& fallback);

// MIN_FREE, a number of octets; empty is none. False: not a number.
bool parse_min_free(std::string_view text, std::uint64_t& octets);

}  // namespace sluice::qmail_multi
