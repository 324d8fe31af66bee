// What has been done with a letter so far, as qmail-local says it: files, forwards, programs.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace sluice::mailbox_delivery {

struct Counts {
  std::size_t files = 0, forwards = 0, programs = 0;
  std::string text() const { return fmt::format("did {}+{}+{}", files, forwards, programs); }
};

}  // namespace sluice::mailbox_delivery
