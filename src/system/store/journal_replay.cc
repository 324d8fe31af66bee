#include <algorithm>

#include "system/store/journal_files.h"
#include "system/store/layout.h"
#include "system/store/quarantine.h"
#include "system/store/window_source.h"

namespace sluice::store {

using queue::Lsn;
using queue::Scanned;

namespace {

class SegmentReplay {
 public:
  SegmentReplay(Disk& disk, const std::string& queue, std::uint64_t first, const VisitReplayed& visit,
                const ReportBad& bad)
      : disk_(disk), queue_(queue), first_(first), path_(segment_path(queue, first)), visit_(visit), bad_(bad) {}

  // Visits the messages of the segment from octet `start` on, as far as octet `limit` of the file.
  // nullopt: all were visited; a value: `visit` said stop, and this is where to resume.
  Result<std::optional<Lsn>, Trouble> run(std::uint64_t start, std::uint64_t limit) {
    auto file = disk_.open(path_, Disk::Open::kRead);
    if (!file) return fail(trouble("cannot open " + path_, file.error()));
    const auto facts = (*file)->facts();
    if (!facts) return fail(trouble("cannot read " + path_, facts.error()));
    WindowSource source(**file, std::min(facts->size, limit));
    queue::JournalScanner scanner(source, first_, start, false);
    while (true) {
      const Scanned found = scanner.next();
      switch (found.kind) {
        case Scanned::Kind::kRecord:
          if (!take(found, source)) return std::optional(end_of(found));
          break;
        case Scanned::Kind::kDamaged:
          quarantine(found, source, "is damaged");
          break;
        case Scanned::Kind::kForeignVersion:
          return fail(Trouble{0, fmt::format("{} was written by a later version of this program", path_)});
        case Scanned::Kind::kUnreadable:
          return fail(trouble("cannot read " + path_, found.error));
        case Scanned::Kind::kTornTail:
        case Scanned::Kind::kEnd:
          return std::optional<Lsn>{};
      }
    }
  }

 private:
  Lsn end_of(const Scanned& found) const { return Lsn{first_ + found.offset + found.length}; }

  // False: the visitor wants no more.
  bool take(const Scanned& found, WindowSource& source) {
    if (found.header.type != static_cast<std::uint8_t>(queue::RecordType::kMessage)) return true;
    const auto record = queue::decode_message_record(found.payload);
    if (!record) {
      quarantine(found, source, "is no message");
      return true;
    }
    const queue::BodyRef body = queue::body_of(*record, first_, found.offset + queue::kRecordHeader);
    return visit_({record->id, end_of(found), record->arrival, record->uid, record->pid, body, record->envelope});
  }

  void quarantine(const Scanned& found, WindowSource& source, const char* complaint) {
    const std::string name = fmt::format("{:016x}.bad", first_ + found.offset);
    const auto copied = set_aside(disk_, journal_directory(queue_), name, source, found.offset, found.length);
    bad_(fmt::format("{}: record at octet {} ({} octets) {}; {}", path_, found.offset, found.length, complaint,
                     copied ? "copied to journal/quarantine/" + name : copied.error().what));
  }

  Disk& disk_;
  const std::string& queue_;
  const std::uint64_t first_;
  const std::string path_;
  const VisitReplayed& visit_;
  const ReportBad& bad_;
};

}  // namespace

Result<Lsn, Trouble> replay_journal(Disk& disk, const std::string& queue, Lsn from, Lsn end, const VisitReplayed& visit,
                                    const ReportBad& bad) {
  const auto segments = list_segments(disk, queue);
  if (!segments) return fail(segments.error());
  for (std::size_t i = 0; i < segments->size(); ++i) {
    const std::uint64_t first = (*segments)[i];
    const std::uint64_t behind = i + 1 < segments->size() ? (*segments)[i + 1] : end.raw();
    if (behind <= from.raw() || first >= end.raw()) continue;
    const std::uint64_t start = from.raw() > first ? from.raw() - first : 0;
    auto stopped = SegmentReplay(disk, queue, first, visit, bad).run(start, std::min(behind, end.raw()) - first);
    if (!stopped) return fail(std::move(stopped.error()));
    if (*stopped) return **stopped;
  }
  return end;
}

}  // namespace sluice::store
