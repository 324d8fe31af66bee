#include "core/smtp/trace.h"

namespace sluice::smtp {
namespace {

constexpr Octets kReceived = "received:";

void append_all(std::string& out, std::initializer_list<Octets> parts) {
  for (const Octets part : parts) out.append(part);
}

}  // namespace

void append_received(std::string& out, const TraceFields& fields) {
  append_all(out, {"Received: from ", fields.hello, " (", fields.client, ")\r\n\tby ", fields.host, " with ",
                   fields.protocol});
  if (!fields.id.empty()) append_all(out, {" id ", fields.id});
  if (!fields.recipient.empty()) append_all(out, {"\r\n\tfor <", fields.recipient, ">"});
  append_all(out, {";\r\n\t", fields.date, "\r\n"});
}

void HopCounter::feed(Octets message) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at != end && !header_ended_) {
    if (matched_ != kOtherField) {
      if (matched_ == 0 && *at == '\r') {  // line ends are CRLF, so this is the empty line
        header_ended_ = true;
        return;
      }
      if (ascii_lower(*at) == kReceived[matched_]) {
        ++at;
        if (++matched_ == kReceived.size()) ++hops_, matched_ = kOtherField;
        continue;
      }
      matched_ = kOtherField;
    }
    const void* const lf = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    if (lf == nullptr) return;
    at = static_cast<const char*>(lf) + 1;
    matched_ = 0;
  }
}

}  // namespace sluice::smtp
