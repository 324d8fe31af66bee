// The aliases database, opened for delivery: gives core/local/alias_expansion.h what it asks for. One read of the map
// a name. Says when the text is newer than the database (which is used all the same: newaliases is a decision).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/local/alias_expansion.h"
#include "system/cdb/reader.h"

namespace sluice::aliases {

class Table {
 public:
  // A database that does not exist is one without aliases. The error is one line and temporary.
  static Result<Table, std::string> open(const std::string& database);

  // Opens the database again if it was replaced, made or removed; on an error the old one stays in use.
  Result<void, std::string> refresh();

  // For expand_alias() and owner_of(); refers to this table.
  local::AliasLookup lookup() const;
  Result<local::Expansion, local::ExpansionError> expand(std::string_view local_part) const;

 private:
  std::string path_;
  cdb::Reader reader_;
};

// The text at `source` was changed after `database` was made, or there is no database though there is a text.
bool is_stale(const std::string& source, const std::string& database);

}  // namespace sluice::aliases
