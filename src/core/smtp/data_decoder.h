// Decodes the octets of one message on its way in: after DATA (RFC 5321 4.5.2: ends at CRLF.CRLF, dots are unstuffed)
// or in BDAT chunks (RFC 3030: ends by count, nothing is unstuffed). Fed in any pieces; the result does not depend on
// where they are cut.
//
// This is the only place that decides where message data ends, and it knows one rule: CR LF "." CR LF, where the start
// of the data counts as being after a CR LF. A CR or an LF that is not part of a CR LF pair never ends a line, so no
// spelling with bare CR, bare LF or NUL around the dot ends the data (SMTP smuggling). Under kRefuse such a message is
// marked and read to its real end; under kNormalize each bare CR or LF is written as CRLF, and still ends nothing: a
// dot that follows it is text and stays.
//
// Output has CRLF line ends. NUL and all other octets pass unchanged. Once a defect is known nothing more is written,
// but reading goes on. Never allocates.
#pragma once

#include <cstdint>

#include "core/smtp/octet_sink.h"

namespace sluice::smtp {

enum class BareNewlines : std::uint8_t {
  kRefuse,     // the message is refused: 550 5.6.11
  kNormalize,  // each becomes CRLF; for trusted submission
};

enum class Framing : std::uint8_t {
  kDots,    // DATA
  kCounted  // BDAT: the caller cuts the chunks and says when the last one is over
};

struct MessageLimits {
  std::uint64_t octets = 0;       // of the decoded message, as SIZE counts them (RFC 1870); 0: no limit
  std::uint64_t text_line = 998;  // octets of a line without its CRLF (RFC 5322 2.1.1); 0: no limit
};

// In the order in which they are reported when a message has several.
enum class Defect : std::uint8_t {
  kNone,
  kBareNewline,
  kTooLarge,
  kLongLine,
};

class DataDecoder {
 public:
  DataDecoder(Framing framing, BareNewlines policy, MessageLimits limits)
      : framing_(framing), policy_(policy), limits_(limits) {}

  // Decodes the front of `input` into `sink` and returns how many octets belong to this message. Fewer than
  // input.size() only when ended().
  std::size_t decode(Octets input, OctetSink& sink);
  // kCounted: the last chunk is over. A CR that waited for its LF is now known to be bare.
  void finish(OctetSink& sink);

  bool ended() const { return state_ == State::kEnded; }
  Defect defect() const;
  std::uint64_t octets() const { return octets_; }  // decoded so far, written or not

 private:
  enum class State : std::uint8_t {
    kLineStart,  // after CRLF, or at the very start
    kText,
    kCr,     // after a CR in or at the end of text; it is not written yet
    kDot,    // after a dot at the start of a line; it is dropped or ends the data
    kDotCr,  // after that dot and a CR
    kEnded,
  };
  const char* text(const char* from, const char* end, const char*& run, OctetSink& sink);
  void bare(Octets as_it_was, OctetSink& sink);
  void end_line();
  void write(Octets octets, OctetSink& sink);
  void write_run(const char* from, const char* to, OctetSink& sink) {
    write(Octets(from, static_cast<std::size_t>(to - from)), sink);
  }

  Framing framing_;
  BareNewlines policy_;
  MessageLimits limits_;
  State state_ = State::kLineStart;
  bool bare_newline_ = false;
  bool too_large_ = false;
  bool long_line_ = false;
  std::uint64_t octets_ = 0;
  std::uint64_t line_octets_ = 0;  // of the line that is being read
};

}  // namespace sluice::smtp
