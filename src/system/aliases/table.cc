#include "system/aliases/table.h"

#include <sys/stat.h>

#include <utility>

#include "core/local/aliases.h"

namespace sluice::aliases {

Result<Table, std::string> Table::open(const std::string& database) {
  Table table;
  table.path_ = database;
  if (auto read = table.refresh(); !read) return fail(std::move(read.error()));
  return table;
}

Result<void, std::string> Table::refresh() {
  if (!reader_.outdated(path_)) return {};
  auto reader = cdb::Reader::open(path_);
  if (!reader) return fail(std::move(reader.error()));
  reader_ = *reader ? **std::move(reader) : cdb::Reader();
  return {};
}

local::AliasLookup Table::lookup() const {
  return [this](std::string_view key) -> Result<std::optional<std::vector<local::Action>>, std::string> {
    const auto value = reader_.find(key);
    if (!value) return fail(path_ + ": " + value.error());
    if (!*value) return std::nullopt;
    auto targets = local::decode_targets(**value);
    if (!targets) return fail(path_ + ": a record is damaged");
    return targets;
  };
}

Result<local::Expansion, local::ExpansionError> Table::expand(std::string_view local_part) const {
  return local::expand_alias(local_part, lookup());
}

bool is_stale(const std::string& source, const std::string& database) {
  struct stat text {};
  struct stat built {};
  if (::stat(source.c_str(), &text) != 0) return false;
  if (::stat(database.c_str(), &built) != 0) return true;
  const auto time = [](const struct stat& status) { return std::pair(status.st_mtim.tv_sec, status.st_mtim.tv_nsec); };
  return time(text) > time(built);
}

}  // namespace sluice::aliases
