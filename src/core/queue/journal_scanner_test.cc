#include "core/queue/journal_scanner.h"

#include <gtest/gtest.h>

#include <random>

#include "core/queue/checksum.h"

namespace sluice::queue {
namespace {

constexpr std::uint64_t kSegment = 65536;
constexpr std::uint32_t kSalt = 0xC0FFEE;

std::string record(std::uint64_t lsn, std::string_view payload, std::uint32_t salt = kSalt, std::uint8_t version = 1) {
  RecordHeader header;
  header.salt = salt;
  header.version = version;
  header.type = static_cast<std::uint8_t>(RecordType::kMessage);
  header.length = static_cast<std::uint32_t>(payload.size());
  header.lsn = Lsn{lsn};
  header.payload_checksum = checksum(payload);
  const auto encoded = encode_record_header(header);
  std::string out(encoded.data(), encoded.size());
  out.append(payload);
  out.resize(record_size(payload.size()));
  return out;
}

void append_record(std::string& segment, std::string_view payload) {
  segment += record(kSegment + segment.size(), payload);
}

// The scan as a string: R(payload) D[offset,length) T(offset) E(offset) V(offset).
std::string scan(Octets segment, bool last, std::uint64_t start = 0) {
  BufferSource source(segment);
  JournalScanner scanner(source, kSegment, start, last);
  std::string story;
  while (true) {
    const Scanned found = scanner.next();
    switch (found.kind) {
      case Scanned::Kind::kRecord:
        story += "R(" + std::string(found.payload) + ") ";
        break;
      case Scanned::Kind::kDamaged:
        story += "D[" + std::to_string(found.offset) + "," + std::to_string(found.length) + ") ";
        break;
      case Scanned::Kind::kTornTail:
        return story + "T(" + std::to_string(found.offset) + ")";
      case Scanned::Kind::kEnd:
        return story + "E(" + std::to_string(found.offset) + ")";
      case Scanned::Kind::kForeignVersion:
        return story + "V(" + std::to_string(found.offset) + ")";
      case Scanned::Kind::kUnreadable:
        return story + "U";
    }
  }
}

std::string three_records() {
  std::string segment;
  for (const char* payload : {"one", "two", "three"}) append_record(segment, payload);
  return segment;  // at 0, 40 and 80; ends at 120
}

TEST(JournalScan, FindsRecordsInOrderAndTheirEnd) {
  EXPECT_EQ(scan(three_records(), true), "R(one) R(two) R(three) E(120)");
  EXPECT_EQ(scan(three_records(), true, 40), "R(two) R(three) E(120)");
  EXPECT_EQ(scan("", true), "E(0)");
}

TEST(JournalScan, TakesZerosForSpaceAllocatedAhead) {
  EXPECT_EQ(scan(three_records() + std::string(100'000, '\0'), true), "R(one) R(two) R(three) E(120)");
  EXPECT_EQ(scan(three_records() + std::string(100'000, '\0'), false), "R(one) R(two) R(three) E(120)");
  EXPECT_EQ(scan(std::string(64, '\0'), true), "E(0)");
}

TEST(JournalScan, CutsATailTornAnywhereInTheLastSegment) {
  const std::string whole = three_records();
  for (std::size_t length = 81; length < 80 + 32 + 5; ++length) {
    EXPECT_EQ(scan(whole.substr(0, length), true), "R(one) R(two) T(80)") << length;
    EXPECT_EQ(scan(whole.substr(0, length) + std::string(500, '\0'), true), "R(one) R(two) T(80)") << length;
  }
}

TEST(JournalScan, SetsATornTailOfAnotherSegmentAside) {
  EXPECT_EQ(scan(three_records().substr(0, 100), false), "R(one) R(two) D[80,20) E(100)");
}

TEST(JournalScan, PassesOverADamagedPayloadByItsLength) {
  std::string segment = three_records();
  segment[40 + 33] ^= 1;
  EXPECT_EQ(scan(segment, true), "R(one) D[40,40) R(three) E(120)");
}

TEST(JournalScan, SearchesTheNextHeaderBehindADamagedOne) {
  for (std::size_t octet = 0; octet < kRecordHeader; ++octet) {
    std::string segment = three_records();
    segment[40 + octet] ^= 1;
    EXPECT_EQ(scan(segment, true), "R(one) D[40,40) R(three) E(120)") << octet;
    segment = three_records();
    segment[octet] ^= 1;
    EXPECT_EQ(scan(segment, true), "D[0,40) R(two) R(three) E(120)") << octet;
  }
}

TEST(JournalScan, FindsRecordsBehindAHoleOfZeros) {
  std::string segment = three_records();
  segment.replace(40, 40, std::string(40, '\0'));
  EXPECT_EQ(scan(segment, true), "R(one) D[40,40) R(three) E(120)");
}

TEST(JournalScan, NeverTakesOctetsOfABodyForARecord) {
  std::string segment;
  append_record(segment, "one");
  // A body that holds a perfect record for its own position, were it not for the salt, which nobody outside knows.
  const std::uint64_t inside = kSegment + segment.size() + kRecordHeader;
  append_record(segment, record(inside, "forged", kSalt + 1));
  append_record(segment, "three");
  std::string header_damaged = segment, payload_damaged = segment;
  header_damaged[40] ^= 1;
  payload_damaged[40 + kRecordHeader] ^= 1;
  EXPECT_EQ(scan(header_damaged, true).find("forged"), std::string::npos);
  EXPECT_EQ(scan(payload_damaged, true).find("forged"), std::string::npos);
  EXPECT_NE(scan(header_damaged, true).find("R(three)"), std::string::npos);
}

TEST(JournalScan, NeverTakesARecordOfAnotherPlaceForOneOfHere) {
  std::string segment = three_records();
  segment += record(kSegment + segment.size() + 8, "elsewhere");
  EXPECT_EQ(scan(segment, true), "R(one) R(two) R(three) T(120)");
}

TEST(JournalScan, StopsAtALaterVersionInsteadOfJudgingIt) {
  std::string segment = three_records();
  segment += record(kSegment + segment.size(), "new", kSalt, 2);
  EXPECT_EQ(scan(segment, true), "R(one) R(two) R(three) V(120)");
}

// Any damage to some records leaves every other record found, in the last segment and in others.
TEST(JournalScan, FindsEveryUndamagedRecordBeforeTheLastWholeHeader) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string segment;
    std::vector<std::pair<std::uint64_t, std::string>> records;
    const std::size_t count = 1 + random() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      records.emplace_back(segment.size(), std::to_string(i) + std::string(random() % 200, 'x'));
      append_record(segment, records.back().second);
    }
    std::vector<bool> damaged(count, false);
    for (std::uint64_t n = random() % 4; n > 0; --n) {
      const std::size_t which = random() % count;
      const std::size_t octet = records[which].first + random() % (kRecordHeader + records[which].second.size());
      segment[octet] = static_cast<char>(segment[octet] ^ (1 << random() % 8));
      damaged[which] = true;
    }
    const std::string story = scan(segment, random() % 2 != 0);
    for (std::size_t i = 0; i < count; ++i) {
      // Two flips can undo each other, so a record counted as damaged may be whole.
      if (!damaged[i]) {
        ASSERT_NE(story.find("R(" + records[i].second + ")"), std::string::npos) << story;
      }
    }
  }
}

TEST(MessageRecord, ComesBackAsItWasWritten) {
  MessageRecord message;
  message.id = MessageId{42};
  message.arrival = wall_from_millis(1767225600123);
  message.uid = 1000;
  message.pid = 77;
  message.envelope = "ENVELOPE";
  const auto prefix = encode_message_prefix(message);
  const std::string payload = std::string(prefix.data(), prefix.size()) + "ENVELOPEbody";
  const auto decoded = decode_message_record(payload);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, message.id);
  EXPECT_EQ(decoded->arrival, message.arrival);
  EXPECT_EQ(decoded->envelope, "ENVELOPE");
  EXPECT_EQ(decoded->body, "body");
  EXPECT_EQ(body_of(*decoded, kSegment, 32), (BodyRef{BodyRef::Storage::kJournal, kSegment, 32 + 45 + 8, 4}));
  for (std::size_t length = 0; length < kMessagePrefix + 8; ++length) {
    EXPECT_FALSE(decode_message_record(Octets(payload).substr(0, length))) << length;
  }
}

TEST(RecordHeader, MatchesTheWorkedExampleOfTheFormatPage) {
  RecordHeader header;
  header.salt = 0x5a17c0de;
  header.type = 1;
  header.length = 0x52;
  header.payload_checksum = 0xefaf69cdc71e8834;
  const auto encoded = encode_record_header(header);
  EXPECT_EQ(std::string(encoded.data(), encoded.size()),
            std::string("\xde\xc0\x17\x5aSJ\x01\x01\x52\0\0\0\xd7\x07\x0b\xc8"
                        "\0\0\0\0\0\0\0\0\x34\x88\x1e\xc7\xcd\x69\xaf\xef",
                        32));
}

TEST(MessageRecord, OfABodyInAFileNamesTheFile) {
  MessageRecord message;
  message.id = MessageId{42};
  message.storage = BodyRef::Storage::kFile;
  message.file = 991;
  message.file_length = 1u << 20;
  const auto prefix = encode_message_prefix(message);
  const auto decoded = decode_message_record(Octets(prefix.data(), prefix.size()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(body_of(*decoded, kSegment, 32), (BodyRef{BodyRef::Storage::kFile, 991, 0, 1u << 20}));
}

}  // namespace
}  // namespace sluice::queue
