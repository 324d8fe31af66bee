// Encodes a stored body for DATA (RFC 5321 4.5.2): dots at line starts are doubled, the end is CRLF.CRLF. Stored bodies
// end their lines with CRLF or with LF (mail::LineForm) and may hold anything if a local program wrote them; here CR
// LF, a bare LF and a bare CR all become CRLF. So whatever the body holds, the wire carries no bare CR, no bare LF and
// one CRLF.CRLF, at the very end: nothing can be smuggled through us to the next server. Fed in any pieces; the result
// does not depend on where they are cut.
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

class BodyEncoder {
 public:
  // Appends the encoded octets to `out`.
  void encode(Octets body, std::string& out);
  // After the last piece: completes the last line and appends the final dot. The encoder is then as new.
  void finish(std::string& out);

 private:
  bool line_start_ = true;
  bool cr_ = false;  // the last octet was a CR: its CRLF is written, and an LF that follows belongs to it
};

}  // namespace sluice::smtp
