#include "core/smtp/reply_parser.h"

#include <utility>

namespace sluice::smtp {

std::string_view to_string(ReplyError error) {
  switch (error) {
    case ReplyError::kNotAReply:
      return "not an SMTP reply";
    case ReplyError::kCodesDiffer:
      return "codes of one SMTP reply differ";
    case ReplyError::kLineTooLong:
      return "SMTP reply line too long";
    case ReplyError::kTooLong:
      return "SMTP reply too long";
  }
  return "not an SMTP reply";
}

std::optional<Result<ServerReply, ReplyError>> ReplyParser::read(Octets& input) {
  if (std::exchange(handed_out_, false)) text_.clear();
  while (!input.empty()) {
    const std::size_t lf = input.find('\n');
    const Octets piece = input.substr(0, lf);
    if (line_.size() + piece.size() > kMaximumLine) return fail(ReplyError::kLineTooLong);
    line_.append(piece);
    if (lf == Octets::npos) {
      input = {};
      return std::nullopt;
    }
    input.remove_prefix(lf + 1);
    const auto end = take_line();
    if (!end) return fail(end.error());
    line_.clear();
    if (*end == LineEnd::kMore) continue;
    lines_ = 0;
    handed_out_ = true;
    return ServerReply{code_, text_};
  }
  return std::nullopt;
}

Result<ReplyParser::LineEnd, ReplyError> ReplyParser::take_line() {
  Octets line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto digit = [&](std::size_t i) { return line[i] >= '0' && line[i] <= '9' ? line[i] - '0' : -1; };
  if (line.size() < 3 || digit(0) < 2 || digit(0) > 5 || digit(1) < 0 || digit(2) < 0) {
    return fail(ReplyError::kNotAReply);
  }
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return fail(ReplyError::kNotAReply);
  const auto code = static_cast<std::uint16_t>(digit(0) * 100 + digit(1) * 10 + digit(2));
  if (lines_ != 0 && code != code_) return fail(ReplyError::kCodesDiffer);
  code_ = code;
  if (lines_ != 0) text_.push_back('\n');
  if (line.size() > 4) text_.append(line.substr(4));
  if (++lines_ > kMaximumLines || text_.size() > kMaximumOctets) return fail(ReplyError::kTooLong);
  return line.size() > 3 && line[3] == '-' ? LineEnd::kMore : LineEnd::kLast;
}

}  // namespace sluice::smtp
