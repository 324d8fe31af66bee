// From an errno to the reason, code and text of a Trouble. Internal to this folder.
#pragma once

#include <string_view>

#include "system/mbox/mailbox.h"

namespace sluice::mbox {

// `step` is what was tried: "Unable to append to the mailbox: No space left on device. (#4.3.1)".
Trouble system_trouble(std::string_view step, int error);
Trouble trouble(Reason reason, std::string_view text);

}  // namespace sluice::mbox
