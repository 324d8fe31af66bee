#include "system/aliases/rebuild.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/local/aliases.h"
#include "core/mail/address.h"
#include "system/cdb/writer.h"
#include "system/os/regular_file.h"

namespace sluice::aliases {

namespace {

constexpr std::size_t kMostShown = 10;  // names of one loop

auto failed(RebuildProblem problem, std::string line) { return fail(RebuildError{problem, {std::move(line)}}); }

std::string loop_line(const std::string& source, const std::vector<std::string>& loop) {
  std::string line = source + ": these aliases lead back to themselves: ";
  for (std::size_t i = 0; i < std::min(loop.size(), kMostShown); ++i) line += mail::printable(loop[i]) + " -> ";
  return line + (loop.size() > kMostShown ? "..." : mail::printable(loop.front()));
}

Result<std::vector<local::Alias>, RebuildError> read(const std::string& source) {
  auto file = os::read_regular_file(source, local::kMaximumAliasFile);
  if (!file) return failed(RebuildProblem::kSource, std::move(file.error().what));
  if (!*file) return failed(RebuildProblem::kSource, fmt::format("cannot read {}: there is no such file", source));
  // It names programs: who may write it may run them.
  if (((*file)->mode & 0002) != 0)
    return failed(RebuildProblem::kSource, fmt::format("{} is writable by everybody: not used", source));
  auto aliases = local::parse_aliases((*file)->text);
  if (aliases) return std::move(*aliases);
  RebuildError error{RebuildProblem::kText, {}};
  for (const local::AliasError& found : aliases.error())
    error.lines.push_back(fmt::format("{}: {}", source, local::to_string(found)));
  return fail(std::move(error));
}

}  // namespace

Result<Rebuilt, RebuildError> rebuild(const std::string& source, const std::string& database) {
  auto aliases = read(source);
  if (!aliases) return fail(std::move(aliases.error()));
  Rebuilt rebuilt;
  for (const auto& loop : local::find_alias_loops(*aliases)) rebuilt.warnings.push_back(loop_line(source, loop));
  auto writer = cdb::Writer::create(database, 0644);
  if (!writer) return failed(RebuildProblem::kDatabase, std::move(writer.error()));
  for (const local::Alias& alias : *aliases) {
    const std::string value = local::encode_targets(alias.targets);
    if (auto added = writer->add(local::alias_key(alias.name), value); !added)
      return failed(RebuildProblem::kDatabase, std::move(added.error()));
    ++rebuilt.names;
    rebuilt.longest = std::max(rebuilt.longest, value.size());
    rebuilt.octets += value.size();
  }
  if (auto committed = writer->commit(); !committed)
    return failed(RebuildProblem::kDatabase, std::move(committed.error()));
  return rebuilt;
}

}  // namespace sluice::aliases
