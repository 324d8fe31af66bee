#include "system/store/large_body.h"

#include <unistd.h>

#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

namespace {

// A name in pid/ that no one else uses: other programs put names of theirs there, so a few numbers are tried.
Result<std::pair<std::string, std::unique_ptr<File>>, Trouble> create_in_pid(const std::string& queue, Disk& disk) {
  constexpr int kAttempts = 100;
  static std::uint64_t number = 0;  // one sequence a process, whatever the number of writers in it
  int error = EEXIST;
  std::string path;
  for (int attempt = 0; attempt < kAttempts && error == EEXIST; ++attempt) {
    path = fmt::format("{}/pid/{}.large.{}", queue, ::getpid(), number++);
    auto file = disk.open(path, Disk::Open::kCreate, kBodyMode);
    if (file) return std::pair(std::move(path), std::move(*file));
    error = file.error();
  }
  return fail(trouble("cannot create " + path, error));
}

}  // namespace

Result<std::unique_ptr<LargeBody>, Trouble> FileLargeBody::open(const std::string& queue, const Options& options) {
  auto created = create_in_pid(queue, *options.disk);
  if (!created) return fail(std::move(created.error()));
  auto& [path, file] = *created;
  const auto facts = file->facts();
  if (!facts) {
    static_cast<void>(options.disk->remove(path));
    return fail(trouble("cannot look at " + path, facts.error()));
  }
  return std::unique_ptr<LargeBody>(new FileLargeBody(queue, options, path, std::move(file), facts->inode));
}

FileLargeBody::FileLargeBody(std::string queue, const Options& options, std::string path, std::unique_ptr<File> file,
                             std::uint64_t inode)
    : queue_(std::move(queue)), options_(options), path_(std::move(path)), file_(std::move(file)), inode_(inode) {}

FileLargeBody::~FileLargeBody() {
  if (!path_.empty()) static_cast<void>(options_.disk->remove(path_));
}

Result<void, Trouble> FileLargeBody::write(Octets octets) {
  if (octets.empty()) return {};
  iovec piece{const_cast<char*>(octets.data()), octets.size()};
  if (auto written = file_->write_at(length_, {&piece, 1}); !written) {
    return fail(trouble("cannot write " + path_, written.error()));
  }
  length_ += octets.size();
  return {};
}

Result<void, Trouble> FileLargeBody::finish() {
  const std::string directory = body_directory(queue_, inode_, options_.split);
  const std::string name = body_path(queue_, inode_, options_.split);
  if (auto synced = file_->sync(); !synced) return fail(trouble("cannot sync " + path_, synced.error()));
  // link, not rename: a file that has this name already is somebody's mail.
  if (auto linked = options_.disk->link(path_, name); !linked) {
    return fail(trouble("cannot link " + path_ + " to " + name, linked.error()));
  }
  finished_ = true;
  if (auto synced = options_.disk->sync_directory(directory); !synced) {
    discard();
    return fail(trouble("cannot sync " + directory, synced.error()));
  }
  // A name left in pid/ by a crash or a failure here is swept by its age.
  static_cast<void>(options_.disk->remove(path_));
  path_.clear();
  return {};
}

void FileLargeBody::discard() {
  if (finished_) static_cast<void>(options_.disk->remove(body_path(queue_, inode_, options_.split)));
  finished_ = false;
}

}  // namespace sluice::store
