// Reading the journal of a queue: which segments there are, what recovery does at start, and replay.
#pragma once

#include "core/queue/journal_record.h"
#include "core/queue/journal_scanner.h"
#include "system/store/file_store.h"

namespace sluice::store {

// First LSNs of the segments, ascending.
Result<std::vector<std::uint64_t>, Trouble> list_segments(Disk& disk, const std::string& queue);

struct Recovered {
  queue::Lsn end;                       // where the next record may begin
  queue::MessageId last_id;             // of the youngest message found
  std::optional<std::uint64_t> newest;  // first LSN of the newest segment
  bool newest_is_empty = false;
};
// Rule 4 at start: makes durable what the newest segment holds (a process that died may have written without syncing),
// and cuts its torn tail. Changes nothing else.
Result<Recovered, Trouble> recover_journal(Disk& disk, const std::string& queue);

using VisitReplayed = std::function<bool(const Replayed&)>;
using ReportBad = std::function<void(const std::string& what)>;

// BodyWriter::replay over the segments before `end`.
Result<queue::Lsn, Trouble> replay_journal(Disk& disk, const std::string& queue, queue::Lsn from, queue::Lsn end,
                                           const VisitReplayed& visit, const ReportBad& bad);

}  // namespace sluice::store
