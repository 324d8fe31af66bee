#include "core/smtp/line_reader.h"

#include "core/smtp/octet_scan.h"

namespace sluice::smtp {

LineReader::Read LineReader::read(Octets& input) {
  if (complete_) partial_.clear(), complete_ = false;
  while (!input.empty()) {
    if (cr_) {
      cr_ = false;
      if (input.front() == '\n') {
        input.remove_prefix(1);
        if (spoiled_) {
          spoiled_ = false;
          continue;
        }
        complete_ = true;
        return {Event::kLine, partial_};
      }
      if (!spoiled_) return spoil(Event::kBareCr);
    }
    const char* const newline = find_newline_octet(input.data(), input.data() + input.size());
    const Octets before = input.substr(0, static_cast<std::size_t>(newline - input.data()));
    if (!spoiled_ && partial_.size() + before.size() > limit_)
      return input.remove_prefix(before.size()), spoil(Event::kTooLong);
    const Octets from_newline = input.substr(before.size());
    if (!spoiled_ && partial_.empty() && from_newline.starts_with("\r\n")) {  // the common case: a whole line, no copy
      input = from_newline.substr(2);
      return {Event::kLine, before};
    }
    if (!spoiled_) partial_.append(before);
    input = from_newline;
    if (input.empty()) break;
    const char octet = input.front();
    input.remove_prefix(1);
    if (octet == '\r') {
      cr_ = true;
    } else if (!spoiled_) {
      return spoil(Event::kBareLf);
    }
  }
  return {};
}

LineReader::Read LineReader::spoil(Event event) {
  spoiled_ = true;
  partial_.clear();
  return {event, {}};
}

}  // namespace sluice::smtp
