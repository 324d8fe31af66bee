#include <algorithm>

#include "system/store/journal_files.h"
#include "system/store/layout.h"
#include "system/store/window_source.h"

namespace sluice::store {

using queue::Scanned;

namespace {

struct Surveyed {
  std::uint64_t length = 0;  // octets up to the end of the records
  bool may_cut = false;      // what stands behind `length` is no accepted record
  queue::MessageId last_id;
};

Result<Surveyed, Trouble> survey(File& file, const std::string& path, std::uint64_t first, bool last) {
  const auto facts = file.facts();
  if (!facts) return fail(trouble("cannot read " + path, facts.error()));
  WindowSource source(file, facts->size);
  queue::JournalScanner scanner(source, first, 0, last);
  Surveyed surveyed;
  while (true) {
    const Scanned found = scanner.next();
    switch (found.kind) {
      case Scanned::Kind::kRecord:
        // A copy bears the id of an older message: it says nothing about the youngest.
        if (found.header.type != static_cast<std::uint8_t>(queue::RecordType::kMessage)) break;
        if (const auto record = queue::decode_message_record(found.payload)) {
          surveyed.last_id = std::max(surveyed.last_id, record->id);
        }
        break;
      case Scanned::Kind::kDamaged:
        break;  // replay sets it aside and says so
      case Scanned::Kind::kForeignVersion:
        return fail(Trouble{0, fmt::format("{} was written by a later version of this program (format {})", path,
                                           found.header.version)});
      case Scanned::Kind::kUnreadable:
        return fail(trouble("cannot read " + path, found.error));
      case Scanned::Kind::kTornTail:
      case Scanned::Kind::kEnd:
        // When octets could not be read, what looks torn may be whole: keep it all.
        surveyed.may_cut = source.error() == 0;
        surveyed.length = surveyed.may_cut ? std::min(found.offset, facts->size) : facts->size;
        return surveyed;
    }
  }
}

Result<Surveyed, Trouble> recover_newest(Disk& disk, const std::string& path, std::uint64_t first) {
  auto file = disk.open(path, Disk::Open::kReadWrite);
  if (!file) return fail(trouble("cannot open " + path, file.error()));
  if (auto synced = (*file)->sync(); !synced) return fail(trouble("cannot sync " + path, synced.error()));
  auto surveyed = survey(**file, path, first, true);
  if (!surveyed || !surveyed->may_cut) return surveyed;
  auto cut = (*file)->truncate(surveyed->length);
  if (cut) cut = (*file)->sync();
  if (!cut) return fail(trouble("cannot cut the torn tail of " + path, cut.error()));
  return surveyed;
}

// The youngest message of the older segments, newest segment first: only asked when the newest one has none.
queue::MessageId last_id_before(Disk& disk, const std::string& queue, std::span<const std::uint64_t> older) {
  for (auto first = older.rbegin(); first != older.rend(); ++first) {
    const std::string path = segment_path(queue, *first);
    auto file = disk.open(path, Disk::Open::kRead);
    if (!file) continue;
    const auto surveyed = survey(**file, path, *first, false);
    if (surveyed && surveyed->last_id) return surveyed->last_id;
  }
  return {};
}

}  // namespace

Result<std::vector<std::uint64_t>, Trouble> list_segments(Disk& disk, const std::string& queue) {
  const auto names = disk.list(journal_directory(queue));
  if (!names) return fail(trouble("cannot list " + journal_directory(queue), names.error()));
  std::vector<std::uint64_t> segments;
  for (const std::string& name : *names) {
    if (const auto first = parse_segment_name(name)) segments.push_back(*first);
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

Result<Recovered, Trouble> recover_journal(Disk& disk, const std::string& queue) {
  const auto segments = list_segments(disk, queue);
  if (!segments) return fail(segments.error());
  Recovered recovered;
  if (segments->empty()) return recovered;
  const std::uint64_t newest = segments->back();
  const auto surveyed = recover_newest(disk, segment_path(queue, newest), newest);
  if (!surveyed) return fail(surveyed.error());
  constexpr std::uint64_t kStep = queue::kRecordAlignment;
  recovered.end = queue::Lsn{newest + (surveyed->length + kStep - 1) / kStep * kStep};
  recovered.newest = newest;
  recovered.newest_is_empty = surveyed->length == 0;
  recovered.last_id = surveyed->last_id;
  if (!recovered.last_id) {
    recovered.last_id = last_id_before(disk, queue, std::span(*segments).first(segments->size() - 1));
  }
  return recovered;
}

}  // namespace sluice::store
