// The aliases database built anew from its text (newaliases, sendmail -bi). The database is a cdb: docs/formats.md,
// "Aliases database". It is replaced as a whole and durably; on any error the old one stays as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::aliases {

struct Rebuilt {
  std::size_t names = 0;
  std::size_t longest = 0;            // octets of the longest entry
  std::size_t octets = 0;             // of all entries
  std::vector<std::string> warnings;  // one line each: loops ("aliases a -> b -> a lead nowhere")
};

enum class RebuildProblem : std::uint8_t {
  kSource,    // the text cannot be opened or read, is too large, or everybody may write it
  kText,      // it has errors: EX_DATAERR
  kDatabase,  // the database cannot be written
};
struct RebuildError {
  RebuildProblem problem = RebuildProblem::kSource;
  std::vector<std::string> lines;  // "/etc/aliases: line 3, column 7: ...", ready to be shown
};

// `source`: e.g. /etc/aliases. `database`: e.g. /etc/aliases.cdb; made with mode 0644, owned by whoever calls.
Result<Rebuilt, RebuildError> rebuild(const std::string& source, const std::string& database);

}  // namespace sluice::aliases
