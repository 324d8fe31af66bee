#include "core/queue/envelope_codec.h"

#include <algorithm>

namespace sluice::queue {

namespace {

// F and T are always written, other fields only when they say something.
bool append_field(std::string& out, char letter, Octets value) {
  if (value.size() > kMaximumField) return false;
  out.push_back(letter);
  append_le(out, static_cast<std::uint16_t>(value.size()));
  out.append(value);
  return true;
}
bool append_text(std::string& out, char letter, Octets value) {
  return value.empty() || append_field(out, letter, value);
}
void append_small(std::string& out, char letter, std::uint8_t value) {
  const char octet = static_cast<char>(value);
  if (value != 0) append_field(out, letter, Octets(&octet, 1));
}

// The value of a hint, 0 for one that a later version may have given it.
std::uint8_t hint(Octets value, std::uint8_t last) {
  const auto known = value.size() == 1 ? static_cast<std::uint8_t>(value[0]) : std::uint8_t{0};
  return known <= last ? known : std::uint8_t{0};
}

bool is_yes(Octets value) { return value == Octets("\1", 1); }

bool has_control(Octets text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class EnvelopeBuilder {
 public:
  // Takes one field. Keeps the first error.
  void take(char letter, Octets value) {
    switch (letter) {
      case 'F':
        if (has_sender_) return refuse(EnvelopeError::kBadValue);
        has_sender_ = true;
        return text(value, envelope_.sender);
      case 'T':
        return add_recipient(value);
      case 'N':
        if (auto* to = recipient()) to->notify = small(value, 15);
        return;
      case 'O':
        if (auto* to = recipient()) text(value, to->original_recipient);
        return;
      case 'L':
        envelope_.line_form = static_cast<mail::LineForm>(small(value, 1));
        return;
      case 'B':
        envelope_.eight_bit = small(value, 1) != 0;
        return;
      case 'U':
        envelope_.smtputf8 = small(value, 1) != 0;
        return;
      case 'R':
        envelope_.ret = static_cast<mail::Return>(small(value, 2));
        return;
      case 'E':
        return text(value, envelope_.envelope_id);
      case 'c':
        return text(value, envelope_.client);
      case 'f':
        return text(value, envelope_.flow);
      case 'm':
        envelope_.mode = hinted_mode(value);
        return;
      case 'p':
        envelope_.precedence = hinted_precedence(value);
        return;
      case 'u':
        envelope_.urgency = hinted_urgency(value);
        return;
      case 'g':
        envelope_.in_place = is_yes(value);
        return;
      case 'w':
        envelope_.warned = is_yes(value);
        return;
      default:
        if (letter < 'a' || letter > 'z') refuse(EnvelopeError::kUnknownField);
    }
  }
  void refuse(EnvelopeError error) {
    if (!failed_) error_ = error;
    failed_ = true;
  }
  bool failed() const { return failed_; }

  Result<mail::Envelope, EnvelopeError> finish() && {
    if (!has_sender_) refuse(EnvelopeError::kNoSender);
    if (failed_) return fail(error_);
    return std::move(envelope_);
  }

 private:
  void add_recipient(Octets address) {
    if (address.empty() || envelope_.recipients.size() == kMaximumRecipients) return refuse(EnvelopeError::kBadValue);
    text(address, envelope_.recipients.emplace_back().address);
  }
  mail::Recipient* recipient() {
    if (!envelope_.recipients.empty()) return &envelope_.recipients.back();
    refuse(EnvelopeError::kBadValue);
    return nullptr;
  }
  void text(Octets value, std::string& to) {
    if (has_control(value)) return refuse(EnvelopeError::kControl);
    to = value;
  }
  std::uint8_t small(Octets value, std::uint8_t last) {
    if (value.size() == 1 && static_cast<std::uint8_t>(value[0]) <= last) return static_cast<std::uint8_t>(value[0]);
    refuse(EnvelopeError::kBadValue);
    return 0;
  }

  mail::Envelope envelope_;
  bool has_sender_ = false;
  bool failed_ = false;
  EnvelopeError error_{};
};

}  // namespace

std::string_view to_string(EnvelopeError error) {
  switch (error) {
    case EnvelopeError::kTruncated:
      return "a field reaches past the end of the envelope";
    case EnvelopeError::kVersion:
      return "unknown version of the envelope";
    case EnvelopeError::kUnknownField:
      return "unknown field in the envelope";
    case EnvelopeError::kBadValue:
      return "a field of the envelope has a value that is not allowed";
    case EnvelopeError::kControl:
      return "control character in the envelope";
    case EnvelopeError::kNoSender:
      return "the envelope has no sender";
  }
  return "unknown envelope error";
}

mail::DeliveryMode hinted_mode(Octets value) {
  return static_cast<mail::DeliveryMode>(hint(value, static_cast<std::uint8_t>(mail::DeliveryMode::kDefer)));
}

mail::Urgency hinted_urgency(Octets value) {
  return static_cast<mail::Urgency>(hint(value, static_cast<std::uint8_t>(mail::Urgency::kNonUrgent)));
}

std::int8_t hinted_precedence(Octets value) {
  const auto precedence = value.size() == 1 ? static_cast<std::int8_t>(value[0]) : std::int8_t{0};
  return precedence < mail::kLowestPrecedence || precedence > mail::kHighestPrecedence ? std::int8_t{0} : precedence;
}

namespace {

void append_importance(std::string& out, std::int8_t precedence, mail::Urgency urgency) {
  append_small(out, 'p', static_cast<std::uint8_t>(precedence));
  append_small(out, 'u', static_cast<std::uint8_t>(urgency));
}

}  // namespace

void add_importance(std::string& envelope, std::int8_t precedence, mail::Urgency urgency) {
  std::string fields;
  append_importance(fields, precedence, urgency);
  envelope.insert(std::min<std::size_t>(1, envelope.size()), fields);  // behind the version
}

bool append_envelope_head(std::string& out, const mail::Envelope& envelope) {
  out.push_back(static_cast<char>(kEnvelopeVersion));
  if (!append_field(out, 'F', envelope.sender)) return false;
  append_small(out, 'L', static_cast<std::uint8_t>(envelope.line_form));
  append_small(out, 'B', envelope.eight_bit);
  append_small(out, 'U', envelope.smtputf8);
  append_small(out, 'R', static_cast<std::uint8_t>(envelope.ret));
  append_small(out, 'm', static_cast<std::uint8_t>(envelope.mode));
  append_importance(out, envelope.precedence, envelope.urgency);
  append_small(out, 'g', envelope.in_place);
  append_small(out, 'w', envelope.warned);
  return append_text(out, 'E', envelope.envelope_id) && append_text(out, 'c', envelope.client) &&
         append_text(out, 'f', envelope.flow);
}

bool append_recipient(std::string& out, const mail::Recipient& recipient) {
  if (!append_field(out, 'T', recipient.address)) return false;
  append_small(out, 'N', recipient.notify);
  return append_text(out, 'O', recipient.original_recipient);
}

bool encode_envelope(std::string& out, const mail::Envelope& envelope) {
  const std::size_t start = out.size();
  const bool fits = append_envelope_head(out, envelope) &&
                    std::all_of(envelope.recipients.begin(), envelope.recipients.end(),
                                [&](const mail::Recipient& recipient) { return append_recipient(out, recipient); });
  if (!fits) out.resize(start);
  return fits;
}

Result<mail::Envelope, EnvelopeError> decode_envelope(Octets encoded) {
  EnvelopeFields fields(encoded);
  if (fields.truncated()) return fail(EnvelopeError::kTruncated);
  if (!fields.known_version()) return fail(EnvelopeError::kVersion);
  EnvelopeBuilder builder;
  while (!builder.failed() && fields.next()) builder.take(fields.letter(), fields.value());
  if (fields.truncated()) builder.refuse(EnvelopeError::kTruncated);
  return std::move(builder).finish();
}

EnvelopeFields::EnvelopeFields(Octets encoded) : rest_(encoded) {
  truncated_ = encoded.empty();
  known_version_ = !encoded.empty() && static_cast<std::uint8_t>(encoded[0]) == kEnvelopeVersion;
  if (known_version_) rest_.remove_prefix(1);
}

bool EnvelopeFields::next() {
  constexpr std::size_t kFieldHeader = 3;
  if (!known_version_ || truncated_ || rest_.empty()) return false;
  if (rest_.size() < kFieldHeader) return truncated_ = true, false;
  const std::size_t length = load_le<std::uint16_t>(rest_.data() + 1);
  if (rest_.size() - kFieldHeader < length) return truncated_ = true, false;
  letter_ = rest_[0];
  value_ = rest_.substr(kFieldHeader, length);
  rest_.remove_prefix(kFieldHeader + length);
  return true;
}

}  // namespace sluice::queue
