// The segment that the journal is written to now. Knows how far it is good; what happens when a write fails is decided
// here once: the segment is given up, and its name and everything that may have been written behind its good end are
// never used again.
#pragma once

#include <optional>

#include "system/store/file_store.h"

namespace sluice::store {

class OpenSegment {
 public:
  // Makes journal/<first>.seg with space for `size` octets, or at least for `needed`, and makes its name durable.
  static Result<OpenSegment, Trouble> create(Disk& disk, const std::string& queue, std::uint64_t first,
                                             std::uint64_t size, std::uint64_t needed);
  // The same for a segment that exists and is empty: a crash left it before its first record.
  static Result<OpenSegment, Trouble> adopt(Disk& disk, const std::string& queue, std::uint64_t first,
                                            std::uint64_t size, std::uint64_t needed);

  std::uint64_t first() const { return first_; }
  std::uint64_t length() const { return length_; }  // good octets, durable unless they were written without a sync
  std::uint64_t end() const { return first_ + length_; }
  std::uint32_t salt() const { return salt_; }

  // Writes `octets` octets behind the good end and syncs them, with all that was written before. After a failure the
  // segment is to be given up. Now and then zeros go along, over space for the batches to come (kRunway).
  Result<void, Trouble> write(std::span<iovec> pieces, std::uint64_t octets);
  // Without the sync.
  Result<void, Trouble> write_unsynced(std::span<iovec> pieces, std::uint64_t octets);
  // No more will be written: what is not synced is, and the space set aside goes back.
  void close();
  // A write or sync failed: cuts what was written behind the good end if the disk still lets us. Returns the position
  // behind everything that may be in the file nevertheless.
  std::uint64_t give_up();

 private:
  OpenSegment(std::unique_ptr<File> file, std::string path, std::uint64_t first);
  Result<void, Trouble> make_room(Disk& disk, const std::string& directory, std::uint64_t size, std::uint64_t needed);
  void extend_runway();

  std::unique_ptr<File> file_;
  std::string path_;
  std::uint64_t first_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t size_ = 0;     // octets for which space was set aside
  std::uint64_t touched_ = 0;  // octets of the file that may hold something
  std::uint64_t runway_ = 0;   // octets of the file that were written, be it with zeros
  bool unsynced_ = false;      // something before length_ is
  std::uint32_t salt_ = 0;
};

}  // namespace sluice::store
