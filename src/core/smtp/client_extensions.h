// What a server offered in its answer to EHLO (RFC 5321 4.1.1.1), as far as the client uses it.
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

struct ServerOffers {
  bool pipelining = false;       // RFC 2920
  bool size = false;             // RFC 1870
  std::uint64_t size_limit = 0;  // octets; 0: none known
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool dsn = false;
};

// text: of the reply, lines joined by '\n'; the first is the greeting. What cannot be read is taken as not offered.
ServerOffers parse_offers(Octets text);

}  // namespace sluice::smtp
