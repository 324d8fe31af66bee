#include "system/store/journal_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/queue/checksum.h"
#include "system/store/body_reader.h"
#include "system/store/large_body.h"
#include "system/store/layout.h"

namespace sluice::store {

namespace {

constexpr std::uint64_t kSmallestSegment = 1u << 20, kLargestSegment = 1u << 30;
constexpr std::uint64_t kLargestBatch = 1u << 30;  // so that every offset in a segment fits into 32 bits
static_assert(kLargestSegment + kLargestBatch <= UINT32_MAX);

Options in_range(Options options) {
  options.segment_size = std::clamp(options.segment_size, kSmallestSegment, kLargestSegment);
  return options;
}

}  // namespace

Result<std::unique_ptr<BodyWriter>, Trouble> open_body_writer(const std::string& queue_directory, unsigned queue_number,
                                                              const Options& options) {
  return JournalWriter::open(queue_directory, queue_number, in_range(options));
}

Result<std::unique_ptr<BodyWriter>, Trouble> JournalWriter::open(const std::string& queue, unsigned queue_number,
                                                                 const Options& options) {
  const std::string directory = journal_directory(queue);
  if (auto made = options.disk->make_directory(directory, 0750); !made) {
    return fail(trouble("cannot make " + directory, made.error()));
  }
  auto lock = options.disk->lock(directory);
  if (!lock && lock.error() == EWOULDBLOCK) {
    return fail(Trouble{EWOULDBLOCK, directory + " is in use by another process"});
  }
  if (!lock) return fail(trouble("cannot lock " + directory, lock.error()));
  const auto recovered = recover_journal(*options.disk, queue);
  if (!recovered) return fail(recovered.error());
  return std::unique_ptr<BodyWriter>(new JournalWriter(queue, queue_number, options, std::move(*lock), *recovered));
}

JournalWriter::JournalWriter(std::string queue, unsigned queue_number, const Options& options,
                             std::unique_ptr<File> lock, const Recovered& recovered)
    : queue_(std::move(queue)),
      queue_number_(queue_number),
      options_(options),
      lock_(std::move(lock)),
      end_(recovered.end),
      last_id_(recovered.last_id),
      newest_(recovered.newest),
      newest_is_empty_(recovered.newest_is_empty) {}

Result<std::vector<Stored>, Trouble> JournalWriter::append(std::span<const NewBody> batch, WallTime now) {
  outgoing_.clear();
  bool sync = false;
  for (const NewBody& body : batch) {
    sync |= body.durable;
    last_id_ = queue::next_message_id(last_id_, queue_number_, now);
    const auto storage = body.file != 0 ? queue::BodyRef::Storage::kFile : queue::BodyRef::Storage::kJournal;
    outgoing_.push_back({queue::RecordType::kMessage,
                         {last_id_, body.arrival.value_or(now), body.uid, body.pid, storage, body.file,
                          body.file_length, body.envelope, body.file != 0 ? Octets{} : body.body}});
  }
  if (auto written = write(outgoing_, sync); !written) return fail(std::move(written.error()));
  std::vector<Stored> stored;
  stored.reserve(outgoing_.size());
  for (const Outgoing& each : outgoing_) {
    const queue::Lsn next{segment_->first() + each.offset + queue::record_size(each.payload)};
    stored.push_back({each.record.id, next, each.record.arrival, placed(each)});
  }
  return stored;
}

queue::BodyRef JournalWriter::placed(const Outgoing& outgoing) const {
  return queue::body_of(outgoing.record, segment_->first(), outgoing.offset + queue::kRecordHeader);
}

// All of `records` behind the end of the journal, in one write and one sync, or without.
Result<void, Trouble> JournalWriter::write(std::span<Outgoing> records, bool sync) {
  std::uint64_t total = 0;
  for (Outgoing& each : records) {
    each.payload = queue::kMessagePrefix + each.record.envelope.size() + each.record.body.size();
    if (each.payload > queue::kMaximumRecord) return fail(Trouble{EMSGSIZE, "a message is too large for the journal"});
    total += queue::record_size(each.payload);
  }
  if (total > kLargestBatch) return fail(Trouble{EMSGSIZE, "too much for one batch of the journal"});
  if (records.empty()) return {};
  if (auto ready = ready_for(total); !ready) return ready;

  pieces_.clear();
  leads_.resize(records.size());
  std::uint64_t offset = segment_->length(), padding = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].offset = offset;
    lay_out(records[i], leads_[i], padding);
    offset += queue::record_size(records[i].payload);
    padding = queue::record_size(records[i].payload) - queue::kRecordHeader - records[i].payload;
  }
  static constexpr char kZeros[queue::kRecordAlignment] = {};
  add_piece(kZeros, padding);

  auto written = sync ? segment_->write(pieces_, total) : segment_->write_unsynced(pieces_, total);
  if (!written) {
    end_ = queue::Lsn{segment_->give_up()};
    segment_.reset();
    return written;
  }
  end_ = queue::Lsn{segment_->end()};
  return {};
}

// A segment with room for `octets` more: rolls when the present one is full. A batch never spans two segments.
Result<void, Trouble> JournalWriter::ready_for(std::uint64_t octets) {
  if (segment_ && segment_->length() > 0 && segment_->length() + octets > options_.segment_size) {
    segment_->close();
    segment_.reset();
  }
  if (segment_) return {};
  constexpr std::uint64_t kStep = queue::kRecordAlignment;
  end_ = queue::Lsn{(end_.raw() + kStep - 1) / kStep * kStep};
  const bool adopts = newest_is_empty_ && newest_ == end_.raw();
  auto opened = adopts ? OpenSegment::adopt(*options_.disk, queue_, end_.raw(), options_.segment_size, octets)
                       : OpenSegment::create(*options_.disk, queue_, end_.raw(), options_.segment_size, octets);
  if (!opened) {
    // The file may be there and may not go away: take the next name, so that the next call does not stumble over it.
    if (!adopts) end_ = queue::Lsn{end_.raw() + kStep};
    return fail(std::move(opened.error()));
  }
  segment_ = std::move(*opened);
  newest_ = segment_->first();
  newest_is_empty_ = false;
  return {};
}

// The pieces of one record: what is ours goes into `lead`, envelope and body are written from where they are.
void JournalWriter::lay_out(Outgoing& outgoing, Lead& lead, std::uint64_t padding) {
  char* const header_at = lead.data() + padding;
  char* const prefix_at = header_at + queue::kRecordHeader;
  const queue::MessageRecord& record = outgoing.record;
  const auto prefix = queue::encode_message_prefix(record);
  std::memset(lead.data(), 0, padding);
  std::memcpy(prefix_at, prefix.data(), prefix.size());
  const Octets payload[] = {{prefix_at, prefix.size()}, record.envelope, record.body};
  queue::RecordHeader header;
  header.salt = segment_->salt();
  header.type = static_cast<std::uint8_t>(outgoing.type);
  header.length = static_cast<std::uint32_t>(outgoing.payload);
  header.lsn = queue::Lsn{segment_->first() + outgoing.offset};
  header.payload_checksum = queue::checksum(payload);
  const auto encoded = queue::encode_record_header(header);
  std::memcpy(header_at, encoded.data(), encoded.size());
  add_piece(lead.data(), padding + queue::kRecordHeader + queue::kMessagePrefix);
  add_piece(record.envelope.data(), record.envelope.size());
  add_piece(record.body.data(), record.body.size());
}

// Pieces that touch (envelope and body of one Submit frame) become one.
void JournalWriter::add_piece(const char* octets, std::size_t length) {
  if (length == 0) return;
  if (!pieces_.empty() && static_cast<char*>(pieces_.back().iov_base) + pieces_.back().iov_len == octets) {
    pieces_.back().iov_len += length;
    return;
  }
  pieces_.push_back({const_cast<char*>(octets), length});
}

Result<std::vector<queue::BodyRef>, Trouble> JournalWriter::relocate(
    std::span<const std::pair<queue::MessageId, queue::BodyRef>> bodies) {
  FileBodyReader reader(queue_, options_);
  std::vector<std::string> octets(bodies.size());
  outgoing_.clear();
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto& [id, body] = bodies[i];
    if (body.storage != queue::BodyRef::Storage::kJournal ||
        body.length > queue::kMaximumRecord - queue::kMessagePrefix) {
      return fail(Trouble{EINVAL, "only a body in the journal can be relocated"});
    }
    octets[i].resize(body.length);
    if (auto got = reader.read(body, 0, octets[i].data(), body.length); !got) return fail(std::move(got.error()));
    outgoing_.push_back({queue::RecordType::kCopy, {id, {}, 0, 0, body.storage, 0, 0, {}, octets[i]}});
  }
  if (auto written = write(outgoing_, true); !written) return fail(std::move(written.error()));
  std::vector<queue::BodyRef> places;
  for (const Outgoing& each : outgoing_) places.push_back(placed(each));
  return places;
}

Result<std::unique_ptr<LargeBody>, Trouble> JournalWriter::open_large() {
  return FileLargeBody::open(queue_, options_);
}

Result<queue::Lsn, Trouble> JournalWriter::replay(queue::Lsn from, const VisitReplayed& visit, const ReportBad& bad) {
  if (from > end_) {
    // The state log knows more of the journal than there is: segments were lost or taken away. New records must not
    // get positions that already count as seen.
    bad(fmt::format("the journal of {} ends at {}, but {} was already seen: segments are missing", queue_, end_.raw(),
                    from.raw()));
    if (segment_) segment_->close();
    segment_.reset();
    end_ = from;
    return end_;
  }
  return replay_journal(*options_.disk, queue_, from, end_, visit, bad);
}

}  // namespace sluice::store
