// Text from outside (addresses, what servers said, who asks for a run) as it may stand on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace sluice::commands {

// UTF-8 is left as it is; its control characters, with which a text could take hold of the terminal, become a backslash
// and three octal digits for each octet.
std::string shown(std::string_view text);

}  // namespace sluice::commands
