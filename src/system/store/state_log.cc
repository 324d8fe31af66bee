#include "system/store/state_log.h"

#include <algorithm>
#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

namespace {

constexpr std::size_t kSnapshotBuffer = 256u << 10;
constexpr std::size_t kKeptBuffer = 4u << 20;  // buffers that a burst made larger go back to the system

std::string log_name(std::uint64_t generation) { return fmt::format("{}.log", generation); }
std::string snapshot_name(std::uint64_t generation) { return fmt::format("{}.snap", generation); }

void empty(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptBuffer) buffer.shrink_to_fit();
}

Result<void, int> write_string(File& file, std::uint64_t position, std::string& octets) {
  iovec piece{octets.data(), octets.size()};
  return file.write_at(position, {&piece, 1});
}

}  // namespace

Result<std::unique_ptr<StateLog>, Trouble> open_state_log(const std::string& queue_directory, const Options& options) {
  return FileStateLog::open(queue_directory, options);
}

Result<std::unique_ptr<StateLog>, Trouble> FileStateLog::open(const std::string& queue, const Options& options) {
  const std::string directory = state_directory(queue);
  if (auto made = options.disk->make_directory(directory, 0700); !made) {
    return fail(trouble("cannot make " + directory, made.error()));
  }
  auto lock = options.disk->lock(directory);
  if (!lock && lock.error() == EWOULDBLOCK) {
    return fail(Trouble{EWOULDBLOCK, directory + " is in use by another process"});
  }
  if (!lock) return fail(trouble("cannot lock " + directory, lock.error()));
  return std::unique_ptr<StateLog>(new FileStateLog(directory, options, std::move(*lock)));
}

FileStateLog::FileStateLog(std::string directory, const Options& options, std::unique_ptr<File> lock)
    : directory_(std::move(directory)), options_(options), lock_(std::move(lock)) {}

Result<std::vector<FileStateLog::Found>, Trouble> FileStateLog::list() const {
  const auto names = options_.disk->list(directory_);
  if (!names) return fail(trouble("cannot list " + directory_, names.error()));
  std::vector<Found> found;
  for (const std::string& name : *names) {
    if (const auto log = parse_name(name, ".log", 10)) found.push_back({name, *log, queue::StateFileKind::kLog});
    if (const auto snap = parse_name(name, ".snap", 10)) {
      found.push_back({name, *snap, queue::StateFileKind::kSnapshot});
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.generation < b.generation; });
  return found;
}

void FileStateLog::append(Octets record) {
  append_le(pending_, static_cast<std::uint32_t>(record.size()));
  pending_.append(record);
}

Result<void, Trouble> FileStateLog::sync() {
  if (pending_.empty()) return {};
  if (!log_) {
    auto created = create(log_name(generation_), generation_);
    if (!created) {
      ++generation_;  // the name may be there and stay there
      return fail(std::move(created.error()));
    }
    log_ = std::move(*created);
  }
  if (auto written = write_pending(); !written) {
    give_up_log();
    return written;
  }
  empty(pending_);
  return {};
}

// A new file with its header, not synced yet.
Result<FileStateLog::Output, Trouble> FileStateLog::create(const std::string& name, std::uint64_t generation) const {
  auto file = options_.disk->open(path(name), Disk::Open::kCreate, kStateMode);
  if (!file) return fail(trouble("cannot create " + path(name), file.error()));
  return Output{std::move(*file), generation, 0};
}

Result<void, Trouble> FileStateLog::write_pending() {
  const std::string name = log_name(log_->generation);
  const bool first = log_->length == 0;
  frames_.clear();
  if (first) queue::append_state_header(frames_, {log_->generation, queue::StateFileKind::kLog});
  for (Octets rest = pending_; !rest.empty();) {
    const auto length = load_le<std::uint32_t>(rest.data());
    queue::append_state_frame(frames_, log_->generation, log_->length + frames_.size(),
                              rest.substr(sizeof length, length));
    rest.remove_prefix(sizeof length + length);
  }
  if (auto written = write_string(*log_->file, log_->length, frames_); !written) {
    return fail(trouble("cannot write " + path(name), written.error()));
  }
  if (auto synced = log_->file->sync_data(); !synced) {
    return fail(trouble("cannot sync " + path(name), synced.error()));
  }
  if (first) {
    if (auto synced = options_.disk->sync_directory(directory_); !synced) {
      return fail(trouble("cannot sync " + directory_, synced.error()));
    }
  }
  log_->length += frames_.size();
  logged_ += frames_.size();
  empty(frames_);
  return {};
}

void FileStateLog::give_up_log() {
  static_cast<void>(log_->file->truncate(log_->length));
  log_.reset();
  ++generation_;
}

bool FileStateLog::wants_snapshot() const {
  return !snapshot_ && logged_ > std::max<std::uint64_t>(options_.snapshot_threshold, 2 * last_snapshot_);
}

Result<void, Trouble> FileStateLog::snapshot_begin() {
  drop_snapshot();
  if (auto synced = sync(); !synced) return synced;
  // Everything synced so far is in the image that the caller is about to write; from here on records go to the log of
  // the snapshot's own generation.
  log_.reset();
  ++generation_;
  static_cast<void>(options_.disk->remove(path(kUnfinishedSnapshot)));
  auto created = create(kUnfinishedSnapshot, generation_);
  if (!created) return fail(std::move(created.error()));
  snapshot_ = std::move(*created);
  queue::append_state_header(snapshot_frames_, {generation_, queue::StateFileKind::kSnapshot});
  return {};
}

Result<void, Trouble> FileStateLog::snapshot_append(Octets record) {
  if (!snapshot_) return fail(Trouble{0, "no snapshot was begun"});
  queue::append_state_frame(snapshot_frames_, snapshot_->generation, snapshot_->length + snapshot_frames_.size(),
                            record);
  if (snapshot_frames_.size() < kSnapshotBuffer) return {};
  auto flushed = flush_snapshot();
  if (!flushed) drop_snapshot();
  return flushed;
}

Result<void, Trouble> FileStateLog::flush_snapshot() {
  if (auto written = write_string(*snapshot_->file, snapshot_->length, snapshot_frames_); !written) {
    return fail(trouble("cannot write " + path(kUnfinishedSnapshot), written.error()));
  }
  snapshot_->length += snapshot_frames_.size();
  snapshot_frames_.clear();
  return {};
}

Result<void, Trouble> FileStateLog::snapshot_finish() {
  if (!snapshot_) return fail(Trouble{0, "no snapshot was begun"});
  // The log first: the snapshot may say of a record that it was seen while its effect is only in the log.
  auto published = sync();
  if (published) published = flush_snapshot();
  if (published) published = publish_snapshot();
  if (published) {
    last_snapshot_ = snapshot_->length;
    remove_older_than(snapshot_->generation);
    logged_ = log_ ? log_->length : 0;
    snapshot_.reset();
  }
  drop_snapshot();
  return published;
}

Result<void, Trouble> FileStateLog::publish_snapshot() {
  const std::string to = path(snapshot_name(snapshot_->generation));
  auto done = snapshot_->file->sync();
  if (done) done = options_.disk->rename(path(kUnfinishedSnapshot), to);
  if (done) done = options_.disk->sync_directory(directory_);
  if (!done) return fail(trouble("cannot finish " + to, done.error()));
  return {};
}

void FileStateLog::drop_snapshot() {
  snapshot_frames_ = std::string();
  if (!snapshot_) return;
  snapshot_.reset();
  static_cast<void>(options_.disk->remove(path(kUnfinishedSnapshot)));
  last_snapshot_ = std::max(last_snapshot_, logged_);  // no new attempt before the log has grown as much again
}

// A file that stays because it cannot be removed now is older than the snapshot and does not count.
void FileStateLog::remove_older_than(std::uint64_t generation) {
  const auto files = list();
  if (!files) return;
  for (const Found& file : *files) {
    if (file.generation < generation) static_cast<void>(options_.disk->remove(path(file.name)));
  }
}

}  // namespace sluice::store
