// The two line forms of stored bodies (LineForm in envelope.h) and the ways between them. Used where a body leaves:
// mailboxes hold LF, SMTP and failure reports CR LF.
#pragma once

#include <string>

#include "base/bytes.h"

namespace sluice::mail {

// CR LF to LF, in pieces: a CR at the end of a piece is held back until the next tells what it was. Any other CR stays
// as it is (a body in CRLF form has none).
class CrlfToLf {
 public:
  void append(std::string& out, Octets piece);
  void finish(std::string& out);  // after the last piece

 private:
  bool held_cr_ = false;
};

// Any text with every CR LF, lone LF and lone CR turned into CR LF. The result never holds a bare CR or LF.
void append_as_crlf(std::string& out, Octets text);

}  // namespace sluice::mail
