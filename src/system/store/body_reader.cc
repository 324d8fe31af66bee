#include "system/store/body_reader.h"

#include <algorithm>
#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

namespace {

constexpr unsigned kReadsBetweenSweeps = 256;

}  // namespace

Result<std::size_t, Trouble> FileBodyReader::read(const queue::BodyRef& body, std::uint64_t position, char* to,
                                                  std::size_t length) {
  if (position >= body.length) return 0;
  length = std::min<std::uint64_t>(length, body.length - position);
  if (++reads_ % kReadsBetweenSweeps == 0) close_removed();
  const auto file = file_of(body);
  if (!file) return fail(file.error());
  const auto got = (*file)->read_at(body.offset + position, to, length);
  if (!got) return fail(trouble("cannot read " + path_of(body), got.error()));
  if (*got < length) return fail(Trouble{EIO, path_of(body) + " ends before the body does"});
  return *got;
}

std::string FileBodyReader::path_of(const queue::BodyRef& body) const {
  return body.storage == queue::BodyRef::Storage::kFile ? body_path(queue_, body.segment, options_.split)
                                                        : segment_path(queue_, body.segment);
}

Result<File*, Trouble> FileBodyReader::file_of(const queue::BodyRef& body) {
  const auto known = std::find_if(open_.begin(), open_.end(), [&](const OpenFile& each) {
    return each.segment == body.segment && each.storage == body.storage;
  });
  if (known != open_.end()) {
    open_.splice(open_.begin(), open_, known);
    return open_.front().file.get();
  }
  auto file = options_.disk->open(path_of(body), Disk::Open::kRead);
  if (!file) return fail(trouble("cannot open " + path_of(body), file.error()));
  open_.push_front({body.storage, body.segment, std::move(*file)});
  if (open_.size() > std::max<std::size_t>(options_.reader_files, 1)) open_.pop_back();
  return open_.front().file.get();
}

void FileBodyReader::close_removed() {
  open_.remove_if([](const OpenFile& each) {
    const auto facts = each.file->facts();
    return !facts || facts->links == 0;
  });
}

std::unique_ptr<BodyReader> open_body_reader(const std::string& queue_directory, const Options& options) {
  return std::make_unique<FileBodyReader>(queue_directory, options);
}

}  // namespace sluice::store
