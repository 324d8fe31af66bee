// Makes a constant database and puts it in the place of the old one at once: readers see the old file or the new one,
// whole. When commit() has returned, the new one survives a power failure; on any error the old one stays and the
// temporary file (PATH.tmp.PID) is removed.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::cdb {

class Writer {
 public:
  // `mode` of the file, whatever the umask. The directory must exist.
  static Result<Writer, std::string> create(const std::string& path, mode_t mode);
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) = delete;
  ~Writer();  // without commit(): nothing has happened

  // Of several values for one key a reader finds the first.
  Result<void, std::string> add(Octets key, Octets value);
  // An error of the last step, the sync of the directory, leaves the new file in place but not surely for good.
  Result<void, std::string> commit();

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::cdb
