// The encoding of an envelope in the journal and in Submit/Announce frames (docs/formats.md, "Envelope"): a version
// octet (1) followed by fields, each a letter, a u16 length and that many octets. Recipient fields ('N', 'O') belong to
// the 'T' before them. Unknown lower-case letters are skipped, so later versions can add hints; unknown upper-case
// letters are an error, because they could change where mail goes.
//
//   F sender            T recipient          N notify bits of the recipient (1 octet)   O its ORCPT
//   L line form (1)     B eight-bit (1)      U smtputf8 (1)    R RET (1)   E ENVID
//   c client, for logs  f flow
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/envelope.h"

namespace sluice::queue {

enum class EnvelopeError {
  kTruncated,    // a field reaches past the end
  kVersion,      // first octet is not a version this code knows
  kUnknownField, // an upper-case letter that has no meaning
  kBadValue,     // a value outside its range, or a recipient field before any recipient
  kControl,      // an address with an octet below 0x20 or 0x7f: it could break log lines and SMTP dialogues
  kNoSender,     // the F field is missing
};
std::string_view to_string(EnvelopeError error);

void encode_envelope(std::string& out, const mail::Envelope& envelope);
Result<mail::Envelope, EnvelopeError> decode_envelope(Octets encoded);

}  // namespace sluice::queue
