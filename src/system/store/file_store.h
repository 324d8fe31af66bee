// The file store: the roles of store.h over a queue's directory. Each factory opens one role and needs only the rights
// of that role. The directory itself, and the directories of qmail's layout in it, are made by queue-fix; journal/ and
// state/ are made here if they are missing.
//
//   journal/<first LSN, 16 hex digits>.seg     segments, 0640
//   journal/quarantine/<LSN>.bad               octets that were set aside
//   mess/<inode mod split>/<inode>             bodies too large for the journal, 0640; made in pid/
//   state/<n>.log, <n>.snap                    state records since, and before, generation n; 0600
//   state/quarantine/<n>-<position>.bad        octets that were set aside
#pragma once

#include <memory>
#include <string>

#include "system/store/disk.h"
#include "system/store/store.h"

namespace sluice::store {

struct Options {
  std::uint64_t segment_size = 64u << 20;  // octets; 1 MiB to 1 GiB, brought into that range
  unsigned split = 151;                    // CONFSPLIT
  std::size_t reader_files = 16;           // descriptors that a BodyReader keeps open
  std::uint64_t snapshot_threshold =
      16u << 20;  // wants_snapshot() when the log passes this and twice the last snapshot
  Disk* disk = &posix_disk();
};

// Recovers the journal first (rule 4): a torn tail of the last segment is cut. Fails when another process has it open,
// or when it was written by a later version. `queue_number` is the N of queueN, for message ids.
Result<std::unique_ptr<BodyWriter>, Trouble> open_body_writer(const std::string& queue_directory, unsigned queue_number,
                                                              const Options& options = {});
std::unique_ptr<BodyReader> open_body_reader(const std::string& queue_directory, const Options& options = {});
std::unique_ptr<BodyRemover> open_body_remover(const std::string& queue_directory, const Options& options = {});
Result<std::unique_ptr<StateLog>, Trouble> open_state_log(const std::string& queue_directory,
                                                          const Options& options = {});

}  // namespace sluice::store
