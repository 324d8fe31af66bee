// What a parser of settings says about text that it does not accept. The place is counted in octets from the start
// of the text, from 0; who knows where the text stood turns it into a line and a column.
#pragma once

#include <cstddef>
#include <string>

namespace sluice {

struct GrammarError {
  std::size_t at = 0;
  std::string message;  // without the name of the setting and without a final period
};

}  // namespace sluice
