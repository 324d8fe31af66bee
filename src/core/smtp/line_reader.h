// Cuts command lines out of the octets of a client (RFC 5321 2.3.8, 4.5.3.1.4). Only CRLF ends a line. A bare CR, a
// bare LF or too many octets spoil the line: that is reported at once, and everything up to the next CRLF is dropped,
// so nothing inside a spoiled line is ever taken for a command. Memory is bounded by the limit.
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

class LineReader {
 public:
  // limit: octets of a line without its CRLF.
  explicit LineReader(std::size_t limit) : limit_(limit) {}

  enum class Event : std::uint8_t {
    kNeedMore,  // the input is used up
    kLine,      // `line` is a command line without its CRLF
    kTooLong,   // of a line: reported once
    kBareCr,
    kBareLf,
  };
  struct Read {
    Event event = Event::kNeedMore;
    Octets line;  // points into the input or into the reader; valid until the next call
  };
  // Takes what it reads off the front of `input`.
  Read read(Octets& input);

 private:
  Read spoil(Event event);

  std::size_t limit_;
  std::string partial_;    // of a line that arrived in pieces, without a CR at its end
  bool complete_ = false;  // partial_ was handed out and is dropped at the next call
  bool cr_ = false;        // the octet before this input was a CR
  bool spoiled_ = false;
};

}  // namespace sluice::smtp
