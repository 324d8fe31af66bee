// The trace header of one hop (RFC 5321 4.4). Those that a message carries already are counted by HeaderWatch.
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

struct TraceFields {
  Octets hello;      // the client's name as it gave it, made safe by parse_hello()
  Octets client;     // its address as a literal: [192.0.2.1]
  Octets host;       // ours
  Octets protocol;   // SMTP, ESMTP, UTF8SMTP ... (RFC 5321 4.4, RFC 3848, RFC 6531 4.3)
  Octets id;         // may be empty
  Octets recipient;  // the only one; empty if there are several, because they must not learn of each other
  Octets date;       // RFC 5322 3.3
};
// "Received: ...", with CRLF line ends. All fields are free of control characters.
void append_received(std::string& out, const TraceFields& fields);

}  // namespace sluice::smtp
