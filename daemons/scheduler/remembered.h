// How an outcome is kept in the state log: its enhanced code, if it has one, and a space before the text ("5.1.1 no
// such user"), so that a failure report made after a restart still knows the code.
#pragma once

#include <string>
#include <string_view>

#include "core/mail/outcome.h"

namespace sluice::scheduler {

struct Remembered {
  mail::EnhancedCode code;
  std::string_view text;
};

std::string remember(const mail::Outcome& outcome);
Remembered recall(std::string_view kept);  // the text points into `kept`

}  // namespace sluice::scheduler
