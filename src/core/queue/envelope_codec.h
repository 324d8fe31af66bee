// The encoding of an envelope in the journal and in Submit/Announce frames (docs/formats.md, "Envelope"): a version
// octet (1) followed by fields, each a letter, a u16 length and that many octets. Recipient fields ('N', 'O') belong to
// the 'T' before them. Unknown lower-case letters are skipped, so later versions can add hints; unknown upper-case
// letters are an error, because they could change where mail goes.
//
//   F sender            T recipient          N notify bits of the recipient (1 octet)   O its ORCPT
//   L line form (1)     B eight-bit (1)      U smtputf8 (1)    R RET (1)   E ENVID
//   c client, for logs  f flow               m delivery mode (1)   p precedence (1, signed)   u urgency (1)
//   g handed over by another queue group (1)   w its sender was told before that it is late (1)
//
// A field that has its default value (empty, zero, false) is left out, except F. A value of m, p or u that this code
// does not know is as good as none.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/envelope.h"

namespace sluice::queue {

enum class EnvelopeError {
  kTruncated,     // a field reaches past the end
  kVersion,       // first octet is not a version this code knows
  kUnknownField,  // an upper-case letter that has no meaning
  kBadValue,      // a value outside its range, a recipient field before any recipient, too many recipients
  kControl,       // text with an octet below 0x20 or 0x7f: it could break log lines and SMTP dialogues
  kNoSender,      // the F field is missing
};
std::string_view to_string(EnvelopeError error);

inline constexpr std::uint8_t kEnvelopeVersion = 1;
inline constexpr std::size_t kMaximumField = 0xFFFF;        // octets of one field
inline constexpr std::size_t kMaximumRecipients = 400'000;  // of one message; bounds what a decoder allocates

// Octets of an encoded envelope that qmail-intake takes: with them Announce and Admit still fit into one frame.
inline constexpr std::size_t kMaximumEnvelope = 6u << 20;

// Appends the encoding. False: a field is longer than kMaximumField, and nothing was appended (nothing is not an
// envelope: whoever decodes it refuses the message).
bool encode_envelope(std::string& out, const mail::Envelope& envelope);
Result<mail::Envelope, EnvelopeError> decode_envelope(Octets encoded);

// The two parts of encode_envelope, for an envelope whose recipients stand elsewhere: first everything but the
// recipients, then each recipient. False: as above, but what was appended stays.
bool append_envelope_head(std::string& out, const mail::Envelope& envelope);
bool append_recipient(std::string& out, const mail::Recipient& recipient);

// Adds what the header of the message says to an encoded envelope that says nothing of it: at most kImportance octets.
inline constexpr std::size_t kImportance = 8;
void add_importance(std::string& envelope, std::int8_t precedence, mail::Urgency urgency);

// The values of the fields 'm', 'p' and 'u', for who reads them without decoding an envelope.
mail::DeliveryMode hinted_mode(Octets value);
mail::Urgency hinted_urgency(Octets value);
std::int8_t hinted_precedence(Octets value);

// Walks over the fields of an encoded envelope without allocating or checking values. Its views point into the
// encoding.
class EnvelopeFields {
 public:
  explicit EnvelopeFields(Octets encoded);
  // Steps to the next field; false at the end or where the encoding is damaged (then truncated() tells).
  bool next();
  char letter() const { return letter_; }
  Octets value() const { return value_; }
  bool truncated() const { return truncated_; }
  bool known_version() const { return known_version_; }

 private:
  Octets rest_;
  Octets value_;
  char letter_ = 0;
  bool truncated_ = false;
  bool known_version_ = false;
};

}  // namespace sluice::queue
