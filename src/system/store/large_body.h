// A body in a file of its own: written as pid/<process>.<number>, then linked to mess/<inode mod split>/<inode>, which
// is the name it keeps, as qmail has it.
#pragma once

#include "system/store/file_store.h"

namespace sluice::store {

class FileLargeBody final : public LargeBody {
 public:
  static Result<std::unique_ptr<LargeBody>, Trouble> open(const std::string& queue, const Options& options);
  ~FileLargeBody() override;
  FileLargeBody(const FileLargeBody&) = delete;
  FileLargeBody& operator=(const FileLargeBody&) = delete;

  Result<void, Trouble> write(Octets octets) override;
  Result<void, Trouble> finish() override;
  void discard() override;
  std::uint64_t inode() const override { return inode_; }
  std::uint64_t length() const override { return length_; }

 private:
  FileLargeBody(std::string queue, const Options& options, std::string path, std::unique_ptr<File> file,
                std::uint64_t inode);

  const std::string queue_;
  const Options options_;
  std::string path_;  // in pid/; empty once it is not there any more
  std::unique_ptr<File> file_;
  const std::uint64_t inode_;
  std::uint64_t length_ = 0;
  bool finished_ = false;
};

}  // namespace sluice::store
