// The messages as they are handed to workers: a small one of the journal as octets, a file of its own as a descriptor
// that can do nothing but read it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "core/queue/message.h"
#include "system/os/fd.h"
#include "system/store/store.h"

namespace sluice::local_delivery {

class LetterBodies {
 public:
  LetterBodies(std::unique_ptr<store::BodyReader> journal, std::string queue_directory, unsigned split)
      : journal_(std::move(journal)), queue_directory_(std::move(queue_directory)), split_(split) {}

  static bool is_file(const queue::BodyRef& body) { return body.storage == queue::BodyRef::Storage::kFile; }
  // The errors are texts.
  Result<void, std::string> read(const queue::BodyRef& body, std::string& to);
  Result<os::Fd, std::string> open(const queue::BodyRef& body) const;

 private:
  std::unique_ptr<store::BodyReader> journal_;
  std::string queue_directory_;
  unsigned split_;
};

}  // namespace sluice::local_delivery
