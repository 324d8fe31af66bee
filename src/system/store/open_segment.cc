#include "system/store/open_segment.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

namespace {

// Space that was only set aside costs a sync more than space that was written before: the file system has to record
// that it holds something now, and waits for its own journal (ext4: half as long again, and half as many writes). So
// zeros are written this far ahead of the records, once for many batches. Larger makes the batch that carries them
// late.
constexpr std::uint64_t kRunway = 256 << 10;
constexpr std::array<char, kRunway> kZeros{};

std::uint32_t random_salt() {
  std::uint32_t salt = 0;
  // For sizes up to 256 octets getrandom(2) gives all or fails, and it fails only before the machine has any entropy.
  static_cast<void>(::getrandom(&salt, sizeof salt, 0));
  return salt;
}

}  // namespace

OpenSegment::OpenSegment(std::unique_ptr<File> file, std::string path, std::uint64_t first)
    : file_(std::move(file)), path_(std::move(path)), first_(first), salt_(random_salt()) {}

Result<OpenSegment, Trouble> OpenSegment::create(Disk& disk, const std::string& queue, std::uint64_t first,
                                                 std::uint64_t size, std::uint64_t needed) {
  const std::string path = segment_path(queue, first);
  auto file = disk.open(path, Disk::Open::kCreate, kSegmentMode);
  if (!file) return fail(trouble("cannot create " + path, file.error()));
  OpenSegment segment(std::move(*file), path, first);
  if (auto ready = segment.make_room(disk, journal_directory(queue), size, needed); !ready) {
    static_cast<void>(disk.remove(path));  // if it stays, it is empty, and its name is not used again
    return fail(std::move(ready.error()));
  }
  return segment;
}

Result<OpenSegment, Trouble> OpenSegment::adopt(Disk& disk, const std::string& queue, std::uint64_t first,
                                                std::uint64_t size, std::uint64_t needed) {
  const std::string path = segment_path(queue, first);
  auto file = disk.open(path, Disk::Open::kReadWrite);
  if (!file) return fail(trouble("cannot open " + path, file.error()));
  OpenSegment segment(std::move(*file), path, first);
  if (auto ready = segment.make_room(disk, journal_directory(queue), size, needed); !ready) {
    return fail(std::move(ready.error()));
  }
  return segment;
}

// On a disk that is nearly full, mail is taken as long as there is space for it, even without space for a segment.
Result<void, Trouble> OpenSegment::make_room(Disk& disk, const std::string& directory, std::uint64_t size,
                                             std::uint64_t needed) {
  size = std::max(size, needed);
  auto room = file_->preallocate(size);
  if (!room && (room.error() == ENOSPC || room.error() == EDQUOT || room.error() == EFBIG) && needed < size) {
    static_cast<void>(file_->truncate(0));
    room = file_->preallocate(size = needed);
  }
  if (!room) return fail(trouble("cannot allocate " + path_, room.error()));
  size_ = touched_ = size;
  if (auto synced = disk.sync_directory(directory); !synced) {
    return fail(trouble("cannot sync " + directory, synced.error()));
  }
  return {};
}

Result<void, Trouble> OpenSegment::write(std::span<iovec> pieces, std::uint64_t octets) {
  const std::uint64_t good = length_;
  if (auto written = write_unsynced(pieces, octets); !written) return written;
  if (length_ > runway_) extend_runway();
  if (auto synced = file_->sync_data(); !synced) {
    length_ = good;
    return fail(trouble("cannot sync " + path_, synced.error()));
  }
  unsynced_ = false;
  return {};
}

Result<void, Trouble> OpenSegment::write_unsynced(std::span<iovec> pieces, std::uint64_t octets) {
  touched_ = std::max(touched_, length_ + octets);
  if (auto written = file_->write_at(length_, pieces); !written) {
    return fail(trouble("cannot write " + path_, written.error()));
  }
  length_ += octets;
  unsynced_ = true;
  return {};
}

// A failure costs speed, nothing else.
void OpenSegment::extend_runway() {
  const std::uint64_t end = std::min(size_, length_ + kRunway);
  if (end <= length_) return;
  iovec zeros{const_cast<char*>(kZeros.data()), end - length_};
  if (file_->write_at(length_, {&zeros, 1})) runway_ = end;
}

void OpenSegment::close() {
  // So that only the last segment can have a torn end. A failure loses nothing that was to be durable.
  if (unsynced_) static_cast<void>(file_->sync_data());
  // A failure costs space until the segment is removed, nothing else: zeros at the end are known to be no record.
  static_cast<void>(file_->truncate(length_));
}

std::uint64_t OpenSegment::give_up() {
  static_cast<void>(file_->truncate(length_));
  return first_ + touched_;
}

}  // namespace sluice::store
