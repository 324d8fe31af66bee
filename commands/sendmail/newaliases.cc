// sendmail -bi, newaliases: makes the alias database of its text.
#include <fmt/format.h>

#include <cstdio>

#include "system/aliases/rebuild.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

int status_of(aliases::RebuildProblem problem) {
  switch (problem) {
    case aliases::RebuildProblem::kSource:
      return EX_NOINPUT;
    case aliases::RebuildProblem::kText:
      return EX_DATAERR;
    case aliases::RebuildProblem::kDatabase:
      return EX_CANTCREAT;
  }
  return EX_SOFTWARE;
}

}  // namespace

int rebuild_aliases(const Work& work) {
  const auto rebuilt = aliases::rebuild(work.settings.aliases, work.settings.alias_database);
  if (!rebuilt) {
    for (const std::string& line : rebuilt.error().lines) work.say(line);
    return status_of(rebuilt.error().problem);
  }
  for (const std::string& warning : rebuilt->warnings) work.say(warning);
  fmt::print("{}: {} aliases, longest {} bytes, {} bytes total\n", work.settings.aliases, rebuilt->names,
             rebuilt->longest, rebuilt->octets);
  if (std::fflush(stdout) != 0) return work.fail(EX_IOERR, "cannot write to standard output");
  return EX_OK;
}

}  // namespace sluice::sendmail
