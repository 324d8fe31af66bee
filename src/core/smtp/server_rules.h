// Which command may come when (RFC 5321 4.1.4, RFC 3030): the order of the server's dialogue as one table.
#pragma once

#include <array>

#include "core/smtp/command.h"

namespace sluice::smtp {

// How far the client has come.
enum class Stage : std::uint8_t {
  kConnected,   // no HELO or EHLO yet
  kGreeted,     // no transaction
  kSender,      // MAIL was accepted
  kRecipients,  // and at least one RCPT
  kChunks,      // and at least one BDAT
};
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::kChunks) + 1;

enum class Ruling : std::uint8_t {
  kAllowed,
  kHelloFirst,     // 503
  kSenderFirst,    // 503
  kNested,         // 503: a transaction is open
  kNoRecipients,   // 554
  kInTransaction,  // 503: only outside of a transaction (RFC 1985 5)
  kInChunks,       // 503: BDAT has begun and only BDAT goes on (RFC 3030 2)
  kNotOffered,     // 502
  kUnknown,        // 500
};

Ruling ruling_on(Verb verb, Stage stage);
// The reply, with its CRLF, to a command that the ruling forbids.
Octets refusal_of(Ruling ruling);

}  // namespace sluice::smtp
