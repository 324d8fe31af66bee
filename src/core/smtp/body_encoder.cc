#include "core/smtp/body_encoder.h"

#include "core/smtp/octet_scan.h"

namespace sluice::smtp {

void BodyEncoder::encode(Octets body, std::string& out) {
  if (body.empty()) return;
  const char* at = body.data();
  const char* const end = at + body.size();
  if (cr_ && *at == '\n') ++at;
  cr_ = false;
  const char* run = at;  // [run, at) is encoded as it stands and not appended yet
  const auto append_run = [&](const char* to) { out.append(run, static_cast<std::size_t>(to - run)); };
  while (at != end) {
    if (line_start_ && *at == '.') {
      append_run(at);
      out.push_back('.');
      run = at;
    }
    const char* const newline = find_newline_octet(at, end);
    line_start_ = newline != end;
    if (newline == end) {
      at = end;
      break;
    }
    if (*newline == '\r' && end - newline >= 2 && newline[1] == '\n') {
      at = newline + 2;
      continue;
    }
    append_run(newline);
    out.append("\r\n");
    cr_ = *newline == '\r' && newline + 1 == end;
    run = at = newline + 1;
  }
  append_run(at);
}

void BodyEncoder::finish(std::string& out) {
  out.append(line_start_ ? Octets(".\r\n") : Octets("\r\n.\r\n"));
  *this = {};
}

}  // namespace sluice::smtp
