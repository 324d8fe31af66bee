// A segment of the journal as a hostile or dying disk may give it. First octet: last segment or not, and whether the
// rest is the segment itself or a recipe for one (records made of it, some damaged), so that valid headers occur.
#include <cstdlib>
#include <string>
#include <vector>

#include "core/queue/checksum.h"
#include "core/queue/journal_scanner.h"

namespace {

using namespace sluice;
constexpr std::uint64_t kSegment = 4096;

struct Made {
  std::string octets;
  std::vector<std::uint64_t> sound;  // offsets of records that were not damaged
};

// Each record: length octet, damage octet (0..127: none; else the octet to invert), payload.
Made make_segment(Octets recipe) {
  Made made;
  while (recipe.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(static_cast<std::uint8_t>(recipe[0]), recipe.size() - 2);
    const auto damage = static_cast<std::uint8_t>(recipe[1]);
    const Octets payload = recipe.substr(2, length);
    recipe.remove_prefix(2 + length);
    queue::RecordHeader header;
    header.salt = 77;
    header.type = 1;
    header.length = static_cast<std::uint32_t>(length);
    header.lsn = queue::Lsn{kSegment + made.octets.size()};
    header.payload_checksum = queue::checksum(payload);
    const std::size_t start = made.octets.size();
    const auto encoded = queue::encode_record_header(header);
    made.octets.append(encoded.data(), encoded.size()).append(payload);
    made.octets.resize(start + queue::record_size(length));
    if (damage < 128) {
      made.sound.push_back(start);
    } else {
      char& octet = made.octets[start + (damage - 128u) % (queue::kRecordHeader + length)];
      octet = static_cast<char>(~octet);
    }
  }
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Octets rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Made made = data[0] & 2 ? make_segment(rest) : Made{std::string(rest), {}};
  queue::BufferSource source(made.octets);
  queue::JournalScanner scanner(source, kSegment, 0, data[0] & 1);
  std::uint64_t position = 0;
  std::size_t found_sound = 0;
  while (true) {
    const queue::Scanned found = scanner.next();
    if (found.offset != position && found.kind != queue::Scanned::Kind::kEnd) std::abort();
    if (found.kind != queue::Scanned::Kind::kRecord && found.kind != queue::Scanned::Kind::kDamaged) break;
    if (found.length == 0) std::abort();
    position = found.offset + found.length;
    if (found.kind == queue::Scanned::Kind::kRecord) {
      queue::decode_message_record(found.payload);
      for (const std::uint64_t offset : made.sound) found_sound += offset == found.offset;
    }
  }
  if (found_sound != made.sound.size()) std::abort();  // damage of one record must not cost another
  return 0;
}
