// UTF-8 as mail addresses and reply texts may hold it (RFC 3629, RFC 6531 3.3).
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

bool is_ascii(Octets text);
// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF; and no C1 control character (U+0080 to
// U+009F), which some terminals obey. ASCII octets are not looked at further.
bool is_plain_utf8(Octets text);

}  // namespace sluice::smtp
