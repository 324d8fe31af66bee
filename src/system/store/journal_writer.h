// BodyWriter of the file store: the only writer of journal/.
#pragma once

#include <array>
#include <optional>

#include "core/queue/journal_record.h"
#include "system/store/file_store.h"
#include "system/store/journal_files.h"
#include "system/store/open_segment.h"

namespace sluice::store {

class JournalWriter final : public BodyWriter {
 public:
  static Result<std::unique_ptr<BodyWriter>, Trouble> open(const std::string& queue, unsigned queue_number,
                                                           const Options& options);

  Result<std::vector<Stored>, Trouble> append(std::span<const NewBody> batch, WallTime now) override;
  Result<std::unique_ptr<LargeBody>, Trouble> open_large() override;
  Result<queue::Lsn, Trouble> replay(queue::Lsn from, const VisitReplayed& visit, const ReportBad& bad) override;
  Result<std::vector<queue::BodyRef>, Trouble> relocate(
      std::span<const std::pair<queue::MessageId, queue::BodyRef>> bodies) override;
  queue::Lsn end() const override { return end_; }
  std::uint64_t open_segment() const override { return segment_ ? segment_->first() : newest_.value_or(0); }

 private:
  JournalWriter(std::string queue, unsigned queue_number, const Options& options, std::unique_ptr<File> lock,
                const Recovered& recovered);
  struct Outgoing {
    queue::RecordType type;
    queue::MessageRecord record;
    std::uint64_t payload = 0;  // octets
    std::uint64_t offset = 0;   // in the segment, where the record begins
  };
  // Padding of the record before, header and message prefix: all octets that are not the caller's.
  using Lead = std::array<char, queue::kRecordAlignment + queue::kRecordHeader + queue::kMessagePrefix>;

  Result<void, Trouble> write(std::span<Outgoing> records, bool sync);
  Result<void, Trouble> ready_for(std::uint64_t octets);
  void lay_out(Outgoing& outgoing, Lead& lead, std::uint64_t padding);
  void add_piece(const char* octets, std::size_t length);
  queue::BodyRef placed(const Outgoing& outgoing) const;

  const std::string queue_;
  const unsigned queue_number_;
  const Options options_;
  std::unique_ptr<File> lock_;
  queue::Lsn end_;
  queue::MessageId last_id_;
  std::optional<std::uint64_t> newest_;
  bool newest_is_empty_;
  std::optional<OpenSegment> segment_;
  // Kept between batches so that a batch allocates nothing once they have grown.
  std::vector<Outgoing> outgoing_;
  std::vector<Lead> leads_;
  std::vector<iovec> pieces_;
};

}  // namespace sluice::store
