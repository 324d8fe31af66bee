// USE_SETGROUPS of qmail-start(8): which of a queue's users keep the supplementary groups that the system's database
// gives them. Everybody else has none.
#pragma once

#include <string_view>

namespace sluice::supervise {

// A value that begins with '1' means qmails, qmailr, qmailq and qmaill; any other is a list of such names with colons
// between them; empty: nobody. Names of other users mean nothing.
bool keeps_groups(std::string_view use_setgroups, std::string_view user);

}  // namespace sluice::supervise
