// The command line that qscheduler and qmail-start have in common:
//
//   [-s | -c -d -n] [defaultdelivery] [logger arg ...]
//
// Options end at the first operand, so that the logger's own options stay its own. Of -s, -d and -c the last one wins.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::supervise {

struct StartOptions {
  bool dynamic = false;     // -d or -c: the number of queues follows the load
  bool compatible = false;  // -c: serve lock/trigger as well
  bool keep_count = false;  // -n: neither grow nor shrink
  std::optional<std::string> default_delivery;
  std::vector<std::string> logger;  // its name and arguments; empty: none
  friend bool operator==(const StartOptions&, const StartOptions&) = default;
};

// `letters` are the options that the program takes, e.g. "sdcn"; `arguments` come without the program's name.
//   errors  "unknown option -x"; "defaultdelivery: ..." where mail would be thrown away, as with the setting of that
//   name
Result<StartOptions, std::string> parse_start_options(std::span<const char* const> arguments, std::string_view letters);

}  // namespace sluice::supervise
