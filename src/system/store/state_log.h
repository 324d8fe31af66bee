// StateLog of the file store. Generations: <n>.log holds the records appended since generation n began, <n>.snap, once
// it exists, everything from before; what counts is the newest snapshot and all logs from its generation on. A process
// never appends to a log that an earlier one wrote, and never to one whose write or sync failed: it begins the next
// generation. What was not synced by then is written there again (applying twice changes nothing).
#pragma once

#include <optional>

#include "core/queue/state_frame.h"
#include "system/store/file_store.h"
#include "system/store/window_source.h"

namespace sluice::store {

inline constexpr const char* kUnfinishedSnapshot = "snapshot.new";

class FileStateLog final : public StateLog {
 public:
  static Result<std::unique_ptr<StateLog>, Trouble> open(const std::string& queue, const Options& options);

  Result<void, Trouble> load(const std::function<void(Octets)>& apply,
                             const std::function<void(const std::string&)>& bad) override;
  void append(Octets record) override;
  Result<void, Trouble> sync() override;
  bool wants_snapshot() const override;
  Result<void, Trouble> snapshot_begin() override;
  Result<void, Trouble> snapshot_append(Octets record) override;
  Result<void, Trouble> snapshot_finish() override;

 private:
  FileStateLog(std::string directory, const Options& options, std::unique_ptr<File> lock);

  struct Output {  // a state file being written
    std::unique_ptr<File> file;
    std::uint64_t generation = 0;
    std::uint64_t length = 0;  // good octets
  };
  struct Found {  // a state file of an earlier process
    std::string name;
    std::uint64_t generation = 0;
    queue::StateFileKind kind = queue::StateFileKind::kLog;
  };
  class Loader;

  std::string path(const std::string& name) const { return directory_ + '/' + name; }
  Result<std::vector<Found>, Trouble> list() const;
  Result<Output, Trouble> create(const std::string& name, std::uint64_t generation) const;
  Result<void, Trouble> write_pending();
  void give_up_log();
  Result<void, Trouble> flush_snapshot();
  Result<void, Trouble> publish_snapshot();
  void drop_snapshot();
  void remove_older_than(std::uint64_t generation);

  const std::string directory_;
  const Options options_;
  std::unique_ptr<File> lock_;
  std::uint64_t generation_ = 1;  // of the log that is open, or is opened next
  std::optional<Output> log_;
  std::string pending_;  // records that are not durable yet, each behind its u32 length
  std::string frames_;   // scratch: pending_ as it goes into the file
  std::optional<Output> snapshot_;
  std::string snapshot_frames_;  // not written yet
  std::uint64_t logged_ = 0;     // octets of log since the last snapshot
  std::uint64_t last_snapshot_ = 0;
};

}  // namespace sluice::store
