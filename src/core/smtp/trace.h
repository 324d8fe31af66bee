// The trace header of one hop (RFC 5321 4.4), and the count of those that a message carries already: too many mean that
// it goes in circles (RFC 5321 6.3).
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

// Counts the Received fields in a header that is fed in any pieces; octets after the header are ignored.
class HopCounter {
 public:
  void feed(Octets message);
  std::size_t hops() const { return hops_; }

 private:
  static constexpr std::size_t kOtherField = static_cast<std::size_t>(-1);
  std::size_t matched_ = 0;  // octets of "received:" found at the start of this line, or kOtherField
  std::size_t hops_ = 0;
  bool header_ended_ = false;
};

}  // namespace sluice::smtp
