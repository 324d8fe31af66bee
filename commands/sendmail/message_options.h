// The options of sendmail's -o and -O: a letter with its value, or a name. Those of one message are understood here;
// the rest are looked up in the table of settings.
#pragma once

#include "options.h"

namespace sluice::sendmail {

// "-oX value": letter and the rest.
Result<void, std::string> take_letter(std::string_view text, Options& options);
// "-O Name=value"; "-O Name" means true.
Result<void, std::string> take_named(std::string_view text, Options& options);

Result<void, std::string> take_error_mode(std::string_view value, Options& options);  // -e too

}  // namespace sluice::sendmail
