// BodyRemover of the file store. Removing what is gone already succeeds, so a lost answer can simply be asked again for
// a segment. The newest segment is never removed: its name is how the journal remembers where it ends.
#pragma once

#include "system/store/file_store.h"

namespace sluice::store {

class FileBodyRemover final : public BodyRemover {
 public:
  FileBodyRemover(std::string queue, const Options& options) : queue_(std::move(queue)), options_(options) {}
  Result<void, Trouble> remove(queue::BodyRef::Storage storage, std::uint64_t segment) override;

 private:
  Result<void, Trouble> remove_segment(std::uint64_t first);
  Result<void, Trouble> remove_path(const std::string& path);

  const std::string queue_;
  const Options options_;
};

}  // namespace sluice::store
