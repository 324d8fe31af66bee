// Reads one regular file whole, with what its permissions say: for files that decide what happens to mail and that
// others than we may have made. Never waits: a FIFO or device is an error, not opened for its data.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::os {

struct RegularFile {
  std::string text;
  mode_t mode = 0;
  uid_t uid = 0;
};

struct FileFailure {
  int code = 0;      // errno; EFBIG: larger than `limit`; EINVAL: no regular file
  std::string what;  // "cannot read PATH: Permission denied"
};

// nullopt: there is no such file. Follows symbolic links.
Result<std::optional<RegularFile>, FileFailure> read_regular_file(const std::string& path, std::size_t limit);

}  // namespace sluice::os
