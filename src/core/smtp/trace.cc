#include "core/smtp/trace.h"

namespace sluice::smtp {
namespace {

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

}  // namespace sluice::smtp
