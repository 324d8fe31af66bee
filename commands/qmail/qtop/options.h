// The command line of qtop:
//
//   qtop [-i interval] [-l log] [--once [--json]]
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::qtop {

struct Options {
  std::optional<std::chrono::seconds> interval;  // -i, 1 to 3600
  std::string log;                               // -l; empty: what stands in the usual place
  bool once = false;
  bool json = false;
};

//   errors  a sentence
Result<Options, std::string> parse(int argc, char* const* argv);

}  // namespace sluice::qtop
