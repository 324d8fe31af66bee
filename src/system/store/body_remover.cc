#include "system/store/body_remover.h"

#include <algorithm>
#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

Result<void, Trouble> FileBodyRemover::remove(queue::BodyRef::Storage storage, std::uint64_t segment) {
  if (storage == queue::BodyRef::Storage::kFile) return remove_path(body_path(queue_, segment, options_.split));
  return remove_segment(segment);
}

Result<void, Trouble> FileBodyRemover::remove_segment(std::uint64_t first) {
  const auto names = options_.disk->list(journal_directory(queue_));
  if (!names) return fail(trouble("cannot list " + journal_directory(queue_), names.error()));
  const bool newer = std::any_of(names->begin(), names->end(),
                                 [&](const std::string& name) { return parse_segment_name(name).value_or(0) > first; });
  if (!newer) return fail(trouble("will not remove the newest segment " + segment_name(first), EBUSY));
  return remove_path(segment_path(queue_, first));
}

Result<void, Trouble> FileBodyRemover::remove_path(const std::string& path) {
  const auto gone = options_.disk->remove(path);
  if (!gone && gone.error() != ENOENT) return fail(trouble("cannot remove " + path, gone.error()));
  return {};
}

std::unique_ptr<BodyRemover> open_body_remover(const std::string& queue_directory, const Options& options) {
  return std::make_unique<FileBodyRemover>(queue_directory, options);
}

}  // namespace sluice::store
