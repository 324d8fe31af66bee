// BodyReader of the file store: keeps the files it used last open, least recently used out first. A file that was
// removed meanwhile is closed after a while too, or its space would not come back.
#pragma once

#include <list>

#include "system/store/file_store.h"

namespace sluice::store {

class FileBodyReader final : public BodyReader {
 public:
  FileBodyReader(std::string queue, const Options& options) : queue_(std::move(queue)), options_(options) {}
  Result<std::size_t, Trouble> read(const queue::BodyRef& body, std::uint64_t position, char* to,
                                    std::size_t length) override;

 private:
  struct OpenFile {
    queue::BodyRef::Storage storage;
    std::uint64_t segment;
    std::unique_ptr<File> file;
  };
  Result<File*, Trouble> file_of(const queue::BodyRef& body);
  std::string path_of(const queue::BodyRef& body) const;
  void close_removed();

  const std::string queue_;
  const Options options_;
  std::list<OpenFile> open_;  // last used first; few, so that a walk is as good as a table
  unsigned reads_ = 0;        // since close_removed()
};

}  // namespace sluice::store
