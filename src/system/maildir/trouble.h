// From an errno to the reason, code and text of a Trouble. Internal to this folder.
#pragma once

#include <string_view>

#include "system/maildir/maildir.h"

namespace sluice::maildir {

// `step` is what was tried, e.g. "write to maildir": "Unable to write to maildir: No space left on device (#4.3.1)".
Trouble system_trouble(std::string_view step, int error);

Trouble source_trouble(std::string_view why);
Trouble loop_trouble();
Trouble names_trouble();

}  // namespace sluice::maildir
