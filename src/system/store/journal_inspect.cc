#include "system/store/journal_inspect.h"

#include <fmt/chrono.h>

#include "core/queue/envelope_codec.h"
#include "system/store/journal_files.h"
#include "system/store/layout.h"
#include "system/store/window_source.h"

namespace sluice::store {

using queue::Scanned;

namespace {

std::string people_in(Octets encoded) {
  const auto envelope = queue::decode_envelope(encoded);
  if (!envelope) return fmt::format("envelope: {}", queue::to_string(envelope.error()));
  std::string people = fmt::format("from <{}>", envelope->sender);
  constexpr std::size_t kNamed = 3;
  for (std::size_t i = 0; i < envelope->recipients.size() && i < kNamed; ++i) {
    people += fmt::format(" to <{}>", envelope->recipients[i].address);
  }
  if (envelope->recipients.size() > kNamed) people += fmt::format(" and {} more", envelope->recipients.size() - kNamed);
  return people;
}

std::string utc(WallTime time) {
  // Bounded to years that fmt can print: a record may say anything.
  constexpr std::int64_t kYear9999 = 253402300799;
  const std::int64_t seconds = to_seconds(time);
  if (seconds < 0 || seconds > kYear9999) return fmt::format("{} ms", to_millis(time));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

class Inspection {
 public:
  Inspection(Inspect how, const std::function<void(std::string_view)>& line) : how_(how), line_(line) {}

  Result<void, Trouble> segment(File& file, const std::string& path, std::uint64_t first, bool last) {
    const auto facts = file.facts();
    if (!facts) return fail(trouble("cannot read " + path, facts.error()));
    ++counts_.segments;
    if (how_ == Inspect::kDump) line_(fmt::format("segment {} ({} octets)", path, facts->size));
    WindowSource source(file, facts->size);
    queue::JournalScanner scanner(source, first, 0, last);
    while (true) {
      const Scanned found = scanner.next();
      const std::uint64_t lsn = first + found.offset;
      switch (found.kind) {
        case Scanned::Kind::kRecord:
          record(found, lsn);
          break;
        case Scanned::Kind::kDamaged:
          complain(fmt::format("{:016x}  damaged: {} octets", lsn, found.length));
          break;
        case Scanned::Kind::kTornTail:
          counts_.torn_octets += facts->size - found.offset;
          line_(fmt::format("{:016x}  torn tail, or a write in progress", lsn));
          return {};
        case Scanned::Kind::kForeignVersion:
          return fail(
              Trouble{0, fmt::format("{} was written by a later version (format {})", path, found.header.version)});
        case Scanned::Kind::kUnreadable:
          return fail(trouble("cannot read " + path, found.error));
        case Scanned::Kind::kEnd:
          if (source.error() != 0) complain(trouble(path + " has unreadable octets", source.error()).what);
          return {};
      }
    }
  }
  const Inspected& counts() const { return counts_; }

 private:
  void record(const Scanned& found, std::uint64_t lsn) {
    counts_.octets += found.length;
    const auto type = static_cast<queue::RecordType>(found.header.type);
    if (type != queue::RecordType::kMessage && type != queue::RecordType::kCopy) {
      ++counts_.others;
      if (how_ == Inspect::kDump) line_(fmt::format("{:016x}  type {}: passed over", lsn, found.header.type));
      return;
    }
    const auto message = queue::decode_message_record(found.payload);
    if (!message) return complain(fmt::format("{:016x}  is no message, though its checksum is right", lsn));
    ++(type == queue::RecordType::kMessage ? counts_.messages : counts_.copies);
    if (how_ == Inspect::kDump) line_(describe(*message, type, lsn));
  }

  static std::string describe(const queue::MessageRecord& message, queue::RecordType type, std::uint64_t lsn) {
    if (type == queue::RecordType::kCopy) {
      return fmt::format("{:016x}  copy {} body {}", lsn, message.id.raw(), message.body.size());
    }
    const std::string body = message.storage == queue::BodyRef::Storage::kFile
                                 ? fmt::format("{} in file {}", message.file_length, message.file)
                                 : fmt::format("{}", message.body.size());
    return fmt::format("{:016x}  message {} at {} uid {} pid {} body {} {}", lsn, message.id.raw(),
                       utc(message.arrival), message.uid, message.pid, body, people_in(message.envelope));
  }

  void complain(const std::string& what) {
    ++counts_.damaged;
    line_(what);
  }

  const Inspect how_;
  const std::function<void(std::string_view)>& line_;
  Inspected counts_;
};

}  // namespace

Result<Inspected, Trouble> inspect_journal(const std::string& directory, Inspect how,
                                           const std::function<void(std::string_view)>& line, const Options& options) {
  std::string queue = directory;
  while (queue.size() > 1 && queue.ends_with('/')) queue.pop_back();
  if (queue == "journal") queue = ".";
  if (queue.ends_with("/journal")) queue.resize(queue.size() - std::string_view("/journal").size());
  const auto segments = list_segments(*options.disk, queue);
  if (!segments) return fail(segments.error());
  Inspection inspection(how, line);
  for (const std::uint64_t first : *segments) {
    const std::string path = segment_path(queue, first);
    auto file = options.disk->open(path, Disk::Open::kRead);
    if (!file) return fail(trouble("cannot open " + path, file.error()));
    if (auto done = inspection.segment(**file, path, first, first == segments->back()); !done) {
      return fail(std::move(done.error()));
    }
  }
  return inspection.counts();
}

}  // namespace sluice::store
