#include "core/submission/text_input.h"

#include "core/mail/header.h"

namespace sluice::submission {

void TextInput::append(std::string& out, Octets piece) {
  if (ended_) return;
  unified_.clear();
  lines_.append(unified_, piece);
  take(out, unified_);
}

void TextInput::finish(std::string& out) {
  if (ended_) return;  // a CR that is still held back is the end of the last line
  if (held_dot_) {     // a dot that the end of the input follows
    ended_ = true;
    return;
  }
  if (last_ != '\n') out.push_back('\n');
}

void TextInput::take(std::string& out, Octets text) {
  if (text.empty()) return;
  if (!dot_ends_) {
    last_ = text.back();
    out.append(text);
    return;
  }
  if (held_dot_) {
    held_dot_ = false;
    if (text.front() == '\n') {
      ended_ = true;
      return;
    }
    out.push_back('.');
  }
  for (std::size_t from = 0;;) {  // each dot at the start of a line
    std::size_t dot = from;
    if (last_ != '\n' || text[from] != '.') {
      const std::size_t line_end = text.find("\n.", from);
      dot = line_end == Octets::npos ? Octets::npos : line_end + 1;
    }
    out.append(text.substr(from, dot == Octets::npos ? dot : dot - from));
    if (dot == Octets::npos) break;
    last_ = '.';
    if (dot + 1 == text.size()) {
      held_dot_ = true;
      return;
    }
    if (text[dot + 1] == '\n') {
      ended_ = true;
      return;
    }
    out.push_back('.');
    from = dot + 1;
  }
  last_ = text.back();
}

std::optional<HeadRange> find_head(Octets text, bool whole) {
  HeadRange head;
  if (text.starts_with("From ") || text.starts_with(">From ")) {
    const std::size_t line_end = text.find('\n');
    if (line_end == Octets::npos && !whole) return std::nullopt;
    head.begin = line_end == Octets::npos ? text.size() : line_end + 1;
  } else if (!whole && text.size() < 6) {
    return std::nullopt;  // it may become such a line
  }
  head.end = head.body = head.begin;
  while (head.end < text.size()) {
    const std::size_t line_end = text.find('\n', head.end);
    if (line_end == Octets::npos && !whole) return std::nullopt;
    const Octets line = text.substr(head.end, line_end == Octets::npos ? line_end : line_end + 1 - head.end);
    const bool is_fold = head.end > head.begin && (line.front() == ' ' || line.front() == '\t');
    if (!is_fold && !mail::begins_field(line)) {
      head.body = line == "\n" ? head.end + 1 : head.end;
      return head;
    }
    head.end += line.size();
  }
  head.body = head.end;
  return whole ? std::optional(head) : std::nullopt;
}

}  // namespace sluice::submission
