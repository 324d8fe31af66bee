// Reads the replies of a server (RFC 5321 4.2.1) from octets in any pieces. What servers send is hostile input: lines,
// their number and the whole reply are bounded, and anything that is not a reply is a typed error, after which the
// parser is of no more use: where the next reply would start is unknown.
//
// Laxer than the RFC: a line may end with LF alone, and may consist of the code only.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::smtp {

enum class ReplyError : std::uint8_t {
  kNotAReply,    // a line does not start with a code from 200 to 599 and a space, a hyphen or its end
  kCodesDiffer,  // between lines of one reply
  kLineTooLong,
  kTooLong,  // too many lines or octets
};
std::string_view to_string(ReplyError error);

struct ServerReply {
  std::uint16_t code = 0;  // 200..599
  Octets text;             // its lines joined by '\n', without codes; points into the parser until the next call
  bool positive() const { return code < 300; }
  bool intermediate() const { return code / 100 == 3; }
  bool transient() const { return code / 100 == 4; }
  bool permanent() const { return code >= 500; }
};

class ReplyParser {
 public:
  static constexpr std::size_t kMaximumLine = 2048;
  static constexpr std::size_t kMaximumOctets = 64 * 1024;
  static constexpr std::size_t kMaximumLines = 512;

  // Takes octets off the front of `input` until a reply is complete or they are used up (nullopt).
  std::optional<Result<ServerReply, ReplyError>> read(Octets& input);
  bool in_progress() const { return !line_.empty() || lines_ != 0; }

 private:
  enum class LineEnd { kMore, kLast };
  Result<LineEnd, ReplyError> take_line();

  std::string line_;  // the line that is being read
  std::string text_;
  std::uint16_t code_ = 0;
  std::size_t lines_ = 0;
  bool handed_out_ = false;
};

}  // namespace sluice::smtp
