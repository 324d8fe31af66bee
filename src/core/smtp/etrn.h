// ETRN (RFC 1985): a client asks that mail which waits for a node is sent now. The grammar and the replies; who may ask
// and what is run is the shell's business. Pure; views point into the argument.
//
//   ETRN host      recipients with `host` anywhere behind their '@', as sendmail's -qR@host
//   ETRN @domain   recipients in the domain and in every domain below it
//   ETRN #group    everything in the queues of a queue group
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "core/smtp/reply.h"

namespace sluice::smtp {

struct EtrnCommand {
  enum class Kind : std::uint8_t { kHost, kBelow, kGroup };
  Kind kind = Kind::kHost;
  std::string name;  // in lower case, without the option character
  friend bool operator==(const EtrnCommand&, const EtrnCommand&) = default;
};

enum class EtrnError : std::uint8_t {
  kMissing,  // 550: nothing behind the verb
  kBadName,  // 501: not letters, digits, '.', '-' and '_', or an address literal; a group's name has no dots; or too
             // long
  kTwoNames  // 501: more than one word
};

Result<EtrnCommand, EtrnError> parse_etrn(Octets argument);

// As the client wrote it, but for case: "host", "@domain", "#group".
std::string to_text(const EtrnCommand& command);

Octets etrn_refusal(EtrnError error);  // with its CRLF
Reply etrn_started(const EtrnCommand& command);
Reply etrn_not_started(const EtrnCommand& command);    // 458: not now
Reply etrn_unknown_group(const EtrnCommand& command);  // 459
Reply etrn_not_allowed(const EtrnCommand& command);    // 459: this client may not ask

}  // namespace sluice::smtp
