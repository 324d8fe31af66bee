#include "core/queue/state_record.h"

#include <gtest/gtest.h>

#include "core/queue/envelope_codec.h"
#include "core/queue/state_frame.h"

namespace sluice::queue {
namespace {

const MessageId kId{4711};

std::string envelope_octets() {
  mail::Envelope envelope;
  envelope.sender = "a@b.example";
  envelope.recipients = {{"c@d.example", 0, ""}, {"e@f.example", 0, ""}};
  std::string out;
  encode_envelope(out, envelope);
  return out;
}

std::vector<std::string> one_of_each() {
  const std::string channels("\0\1", 2), envelope = envelope_octets();
  const BodyRef body{BodyRef::Storage::kJournal, 65536, 77, 1000};
  const StateRecord records[] = {
      AdmittedView{kId, Lsn{99}, wall_from_millis(5), 1, 2, body, channels, envelope},
      Deferred{kId, wall_from_millis(123456), 3, "later", {0, 1}},
      Settled{kId, 1, mail::Verdict::kFailed, "no such user"},
      Settled{kId, 0, mail::Verdict::kDelivered, "2.0.0 sent on", mail::Reached::kExpanded},
      Bounced{kId, MessageId{4712}},
      Moved{kId, body},
      Finished{kId},
      Seen{Lsn{640}},
      Segment{65536},
      Removed{0},
      Warned{kId, MessageId{4713}},
      Held{kId, true, "looks odd"},
      Held{kId, false, ""},
      GivenUp{kId},
  };
  std::vector<std::string> encoded;
  for (const StateRecord& record : records) encode_state(encoded.emplace_back(), record);
  return encoded;
}

TEST(StateRecords, ComeBackAsTheyWere) {
  for (const std::string& octets : one_of_each()) {
    const auto decoded = decode_state(octets);
    ASSERT_TRUE(decoded) << int{octets[0]};
    std::string again;
    encode_state(again, *decoded);
    EXPECT_EQ(again, octets);
  }
}

TEST(StateRecords, CutShortAreRefused) {
  for (const std::string& octets : one_of_each()) {
    const auto type = static_cast<StateType>(octets[0]);
    if (type == StateType::kAdmitted) continue;  // its envelope runs to the end and is checked where it is decoded
    for (std::size_t length = 0; length < octets.size(); ++length) {
      // A deferral with fewer recipients is a deferral.
      if (type == StateType::kDeferred && length + 8 >= octets.size() && (octets.size() - length) % 4 == 0) continue;
      // A success without how far it came is one in a mailbox.
      if (type == StateType::kSettled && length + 1 == octets.size() && octets.back() == '\3') continue;
      EXPECT_FALSE(decode_state(Octets(octets).substr(0, length))) << int{octets[0]} << ' ' << length;
    }
  }
}

TEST(StateRecords, OfUnknownTypesOrVerdictsAreRefused) {
  EXPECT_FALSE(decode_state(""));
  EXPECT_FALSE(decode_state(std::string("\0", 1)));
  EXPECT_FALSE(decode_state("\x0c"));
  std::string settled;
  encode_state(settled, Settled{kId, 0, mail::Verdict::kDeferred, ""});
  EXPECT_FALSE(decode_state(settled)) << "deferred is not settled";
  settled.clear();
  encode_state(settled, Settled{kId, 0, mail::Verdict::kDelivered, "", mail::Reached::kServer});
  settled.back() = '\4';
  EXPECT_FALSE(decode_state(settled)) << "how far is that?";
  std::string held;
  encode_state(held, Held{kId, true, ""});
  held[9] = '\2';
  EXPECT_FALSE(decode_state(held)) << "neither held nor released";
}

TEST(StateRecords, CarryAtMostTheMaximumText) {
  std::string octets;
  const std::string text(mail::kMaximumText + 500, 't');
  encode_state(octets, Deferred{kId, {}, 1, text, {0}});
  const auto decoded = decode_state(octets);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Deferred>(*decoded).text.size(), mail::kMaximumText);
}

constexpr std::uint64_t kGeneration = 12;

std::string state_file(const std::vector<std::string>& records) {
  std::string file;
  append_state_header(file, {kGeneration, StateFileKind::kLog});
  for (const std::string& record : records) append_state_frame(file, kGeneration, file.size(), record);
  return file;
}

std::string scan(const std::string& file) {
  BufferSource source(file);
  StateScanner scanner(source, kGeneration);
  std::string story;
  while (true) {
    const StateScanned found = scanner.next();
    switch (found.kind) {
      case StateScanned::Kind::kRecord:
        story += "R(" + std::string(found.record) + ") ";
        break;
      case StateScanned::Kind::kDamaged:
        story += "D ";
        break;
      case StateScanned::Kind::kTail:
        story += "T(" + std::to_string(found.position) + ") ";
        break;
      case StateScanned::Kind::kEnd:
      case StateScanned::Kind::kUnreadable:
        return story;
    }
  }
}

TEST(StateFile, GivesItsRecordsBack) {
  const std::string file = state_file({"one", "", "three"});
  EXPECT_EQ(decode_state_header(file), (StateFileHeader{kGeneration, StateFileKind::kLog}));
  EXPECT_EQ(scan(file), "R(one) R() R(three) ");
}

TEST(StateFile, MatchesTheWorkedExampleOfTheFormatPage) {
  std::string file, finished;
  append_state_header(file, {1, StateFileKind::kLog});
  encode_state(finished, Finished{MessageId{1048577024}});
  append_state_frame(file, 1, file.size(), finished);
  EXPECT_EQ(file, std::string("SLSTATE1\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf8\xc3\xd8\x7b\xda\x65\x29\x49"
                              "\x09\0\0\0\xff\x31\xef\xc4\x25\xb9\x79\xf8\x06\0\x04\x80>\0\0\0\0",
                              53));
}

TEST(StateFile, HeaderWithAnyBitWrongIsRefused) {
  for (std::size_t octet = 0; octet < kStateFileHeader; ++octet) {
    std::string file = state_file({});
    file[octet] ^= 1;
    EXPECT_FALSE(decode_state_header(file)) << octet;
    EXPECT_FALSE(decode_state_header(Octets(file).substr(0, octet)));
  }
}

TEST(StateFile, TornAnywhereInItsLastRecordKeepsTheOthers) {
  const std::string file = state_file({"one", "two", "three"});
  const std::size_t last = file.size() - kStateFrameHeader - 5;
  for (std::size_t length = last + 1; length < file.size(); ++length) {
    EXPECT_EQ(scan(file.substr(0, length)), "R(one) R(two) T(" + std::to_string(last) + ") ") << length;
  }
}

TEST(StateFile, DamagedAnywhereInOneRecordKeepsTheOthers) {
  const std::string file = state_file({"one", "two", "three"});
  const std::size_t second = kStateFileHeader + kStateFrameHeader + 3;
  for (std::size_t octet = second; octet < second + kStateFrameHeader + 3; ++octet) {
    std::string damaged = file;
    damaged[octet] ^= 1;
    EXPECT_EQ(scan(damaged), "R(one) D R(three) ") << octet;
  }
}

TEST(StateFile, FramesOfAnotherPlaceOrGenerationAreNotTaken) {
  std::string file = state_file({"one"});
  std::string elsewhere;
  append_state_frame(elsewhere, kGeneration, 0, "forged");
  append_state_frame(elsewhere, kGeneration + 1, file.size() + elsewhere.size(), "old");
  EXPECT_EQ(scan(file + elsewhere), "R(one) T(" + std::to_string(file.size()) + ") ");
}

}  // namespace
}  // namespace sluice::queue
