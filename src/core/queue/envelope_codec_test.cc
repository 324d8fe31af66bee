#include "core/queue/envelope_codec.h"

#include <gtest/gtest.h>

namespace sluice::queue {
namespace {

using mail::Envelope;

Envelope full_envelope() {
  Envelope envelope;
  envelope.sender = "alice@example.org";
  envelope.line_form = mail::LineForm::kLf;
  envelope.eight_bit = true;
  envelope.smtputf8 = true;
  envelope.ret = mail::Return::kHeaders;
  envelope.envelope_id = "QQ314159";
  envelope.client = "[192.0.2.1]";
  envelope.flow = "alice";
  envelope.mode = mail::DeliveryMode::kQueueOnly;
  envelope.precedence = -60;
  envelope.urgency = mail::Urgency::kNonUrgent;
  envelope.recipients.push_back({"bob@example.net", 0, ""});
  envelope.recipients.push_back({"carol@example.com", mail::notify::kSuccess | mail::notify::kDelay, "rfc822;c"});
  return envelope;
}

std::string encoded(const Envelope& envelope) {
  std::string out;
  EXPECT_TRUE(encode_envelope(out, envelope));
  return out;
}

std::string field(char letter, std::string_view value) {
  std::string out(1, letter);
  append_le(out, static_cast<std::uint16_t>(value.size()));
  return out.append(value);
}

EnvelopeError error_of(const std::string& octets) {
  const auto decoded = decode_envelope(octets);
  EXPECT_FALSE(decoded);
  return decoded ? EnvelopeError{} : decoded.error();
}

const std::string kVersionAndSender = "\x01" + field('F', "");

TEST(Envelope, ComesBackAsItWas) {
  EXPECT_EQ(decode_envelope(encoded(full_envelope())), full_envelope());
  EXPECT_EQ(decode_envelope(encoded(Envelope{})), Envelope{}) << "the null sender and nobody";
}

TEST(Envelope, LeavesOutWhatHasItsDefault) { EXPECT_EQ(encoded(Envelope{}), kVersionAndSender); }

TEST(Envelope, MatchesTheWorkedExampleOfTheFormatPage) {
  Envelope envelope;
  envelope.sender = "a@b.example";
  envelope.recipients.push_back({"c@d.example", mail::notify::kNever, ""});
  EXPECT_EQ(encoded(envelope), std::string("\x01"
                                           "F\x0b\0a@b.example"
                                           "T\x0b\0c@d.example"
                                           "N\x01\0\x01",
                                           33));
}

TEST(Envelope, ImportanceThatIsKnownLaterStandsInItsHead) {
  const Envelope plain = full_envelope();
  Envelope important = plain;
  important.precedence = -60;
  important.urgency = mail::Urgency::kNonUrgent;
  std::string later = encoded(plain);
  const std::size_t before = later.size();
  add_importance(later, important.precedence, important.urgency);
  EXPECT_LE(later.size() - before, kImportance);
  EXPECT_EQ(decode_envelope(later), important);
  EnvelopeFields fields(later);
  ASSERT_TRUE(fields.next());
  EXPECT_EQ(fields.letter(), 'p');
}

TEST(Envelope, CutAnywhereInAFieldIsTruncated) {
  const std::string whole = encoded(full_envelope());
  EXPECT_EQ(error_of(""), EnvelopeError::kTruncated);
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const auto cut = decode_envelope(Octets(whole).substr(0, length));
    if (!cut) {
      EXPECT_TRUE(cut.error() == EnvelopeError::kTruncated || cut.error() == EnvelopeError::kNoSender) << length;
    }
  }
}

TEST(Envelope, UnknownHintsAreSkippedAndUnknownOrdersRefused) {
  EXPECT_TRUE(decode_envelope(kVersionAndSender + field('z', "whatever\n")));
  EXPECT_EQ(error_of(kVersionAndSender + field('Z', "")), EnvelopeError::kUnknownField);
  EXPECT_EQ(error_of(kVersionAndSender + field('1', "")), EnvelopeError::kUnknownField);
  EXPECT_EQ(error_of(std::string("\x02") + field('F', "")), EnvelopeError::kVersion);
}

TEST(Envelope, HintsOfLaterVersionsCountAsNone) {
  for (const auto& hint : {field('m', "\x04"), field('m', "ab"), field('m', ""), field('p', "\x65"), field('p', "\x80"),
                           field('p', "abc"), field('u', "\x03"), field('u', ""), field('w', "\x02"), field('w', "")})
    EXPECT_EQ(decode_envelope(kVersionAndSender + hint), Envelope{}) << hint;
}

TEST(Envelope, NeedsExactlyOneSender) {
  EXPECT_EQ(error_of("\x01" + field('T', "a@b")), EnvelopeError::kNoSender);
  EXPECT_EQ(error_of(kVersionAndSender + field('F', "a@b")), EnvelopeError::kBadValue);
}

TEST(Envelope, ValuesOutsideTheirRangeAreRefused) {
  for (const auto& bad :
       {field('L', "\x02"), field('B', "\x02"), field('U', "\x7f"), field('R', "\x03"), field('L', ""), field('T', ""),
        field('N', "\x01"), field('O', "x"), field('T', "a@b") + field('N', "\x10")}) {
    EXPECT_EQ(error_of(kVersionAndSender + bad), EnvelopeError::kBadValue) << bad;
  }
}

TEST(Envelope, ControlCharactersAreRefusedInEveryText) {
  for (const char* text : {"a\nb", "a\rb", "\x7f", "\x01"}) {
    EXPECT_EQ(error_of("\x01" + field('F', text)), EnvelopeError::kControl);
    EXPECT_EQ(error_of(kVersionAndSender + field('T', text)), EnvelopeError::kControl);
    EXPECT_EQ(error_of(kVersionAndSender + field('T', "a@b") + field('O', text)), EnvelopeError::kControl);
    for (char letter : {'E', 'c', 'f'}) {
      EXPECT_EQ(error_of(kVersionAndSender + field(letter, text)), EnvelopeError::kControl);
    }
  }
}

TEST(Envelope, WithAFieldTooLongForItsLengthIsNotEncoded) {
  Envelope envelope = full_envelope();
  envelope.recipients[1].address.assign(kMaximumField + 1, 'a');
  std::string out = "before";
  EXPECT_FALSE(encode_envelope(out, envelope));
  EXPECT_EQ(out, "before");
}

TEST(Envelope, WithTooManyRecipientsIsRefused) {
  std::string many = kVersionAndSender;
  for (std::size_t i = 0; i <= kMaximumRecipients; ++i) many += field('T', "a");
  EXPECT_EQ(error_of(many), EnvelopeError::kBadValue);
}

}  // namespace
}  // namespace sluice::queue
