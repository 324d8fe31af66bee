// Reads a constant database (cdb, 4 GiB at most). The file is mapped; it may be hostile: damaged tables give "no such
// key" or an error, never a read outside the file. A file that somebody cuts while it is mapped is not survived
// (SIGBUS), so databases are only ever replaced by rename, which is what Writer does.
//
// A reader keeps the file that it opened; outdated() says when there is a new one. A lookup allocates nothing. Not for
// several threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::cdb {

class Reader {
 public:
  // An empty reader: every key is missing.
  Reader();
  // nullopt: there is no such file. The error is one line and temporary: it cannot be opened, mapped, or is no
  // database.
  static Result<std::optional<Reader>, std::string> open(const std::string& path);

  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader();

  // The first value of the key, a view into the file that lives as long as this reader; nullopt: none. The error: the
  // file is damaged where the key would be.
  Result<std::optional<Octets>, std::string> find(Octets key) const;

  // Whether the file at `path` is another one now (replaced, removed or made), so that it should be opened again.
  bool outdated(const std::string& path) const;

 private:
  struct Map;
  explicit Reader(std::unique_ptr<Map> map);
  std::unique_ptr<Map> map_;  // null: empty
};

}  // namespace sluice::cdb
