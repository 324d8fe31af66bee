// PlainWriter: writes messages into a queue of qmail's kind that holds none yet, and reads back what it wrote. The
// directories must have been made (layout::repair). Nothing counts before verify() has said so.
#pragma once

#include <string>
#include <vector>

#include "core/queue/preprocessed.h"
#include "core/queue/todo_file.h"
#include "system/layout/owners.h"
#include "system/os/fd.h"
#include "system/standstill/mail_files.h"
#include "system/store/store.h"

namespace sluice::standstill {

class PlainWriter {
 public:
  PlainWriter(std::string directory, const Shape& shape, const layout::Owners& owners)
      : directory_(std::move(directory)), shape_(shape), owners_(owners) {}

  // One message: its body, with LF line ends if `crlf` says that it has others, and its files.
  Result<void, store::Trouble> write(store::BodyReader& bodies, const queue::BodyRef& body, bool crlf,
                                     const queue::Preprocessed& message);
  // One that is not preprocessed.
  Result<void, store::Trouble> write(store::BodyReader& bodies, const queue::BodyRef& body, bool crlf,
                                     const queue::TodoFile& message, WallTime arrival);

  // Makes everything durable, reads it back and compares; that nothing else is there is checked too.
  Result<void, store::Trouble> verify();

  std::size_t messages() const { return written_.size(); }

 private:
  struct Written {
    std::uint64_t number = 0, body = 0, files = 0;  // checksums
    bool todo = false;
  };
  Result<Written, store::Trouble> write_body(store::BodyReader& bodies, const queue::BodyRef& body, bool crlf,
                                             WallTime arrival);
  Result<void, store::Trouble> put(const std::string& path, Octets octets, unsigned mode, queue::User owner,
                                   WallTime when) const;
  Result<void, store::Trouble> check(const Written& written) const;

  const std::string directory_;
  const Shape shape_;
  const layout::Owners& owners_;
  std::vector<Written> written_;
};

}  // namespace sluice::standstill
