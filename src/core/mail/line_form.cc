#include "core/mail/line_form.h"

namespace sluice::mail {

void CrlfToLf::append(std::string& out, Octets piece) {
  if (piece.empty()) return;
  if (held_cr_ && piece.front() != '\n') out.push_back('\r');
  held_cr_ = false;
  for (;;) {
    const std::size_t cr = piece.find('\r');
    out.append(piece.substr(0, cr));
    if (cr == Octets::npos) return;
    piece.remove_prefix(cr + 1);
    if (piece.empty()) {
      held_cr_ = true;
      return;
    }
    if (piece.front() != '\n') out.push_back('\r');
  }
}

void CrlfToLf::finish(std::string& out) {
  if (held_cr_) out.push_back('\r');
  held_cr_ = false;
}

void append_as_crlf(std::string& out, Octets text) {
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    out.append(text.substr(0, end));
    if (end == Octets::npos) return;
    out.append("\r\n");
    text.remove_prefix(text.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
}

}  // namespace sluice::mail
