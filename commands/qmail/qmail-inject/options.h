// The command line of qmail-inject:
//
//   qmail-inject [-nN] [-aAhH] [-f sender] [recipient ...]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::inject {

enum class Recipients : std::uint8_t {
  kArgumentsOrHeader,  // -A: of the header only if there are no arguments
  kArguments,          // -a
  kHeader,             // -h
  kBoth,               // -H
};

struct Options {
  Recipients recipients = Recipients::kArgumentsOrHeader;
  bool print = false;                 // -n: on standard output, in place of the queue
  std::optional<std::string> sender;  // -f
  std::vector<std::string> arguments;
};

//   errors  a sentence
Result<Options, std::string> parse(int argc, char* const* argv);

}  // namespace sluice::inject
