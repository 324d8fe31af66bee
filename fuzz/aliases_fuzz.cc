// The aliases file: what is read is encoded and comes back, loops are searched, and every name is expanded to an end.
// The same octets as a record of a damaged database are refused or understood.
#include <cstddef>
#include <cstdint>
#include <map>

#include "base/invariant.h"
#include "core/local/alias_expansion.h"
#include "core/local/aliases.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  if (const auto damaged = local::decode_targets(text))
    invariant(local::encode_targets(*damaged) == text, "a record is not what its targets make");
  const auto aliases = local::parse_aliases(text);
  if (!aliases) return invariant(!aliases.error().empty(), "refused without an error"), 0;
  std::map<std::string, std::string, std::less<>> records;
  for (const local::Alias& alias : *aliases)
    records.emplace(local::alias_key(alias.name), local::encode_targets(alias.targets));
  (void)local::find_alias_loops(*aliases);
  const local::AliasLookup lookup =
      [&](std::string_view key) -> Result<std::optional<std::vector<local::Action>>, std::string> {
    const auto found = records.find(key);
    if (found == records.end()) return std::nullopt;
    auto targets = local::decode_targets(found->second);
    invariant(targets.has_value(), "targets do not come back");
    return targets;
  };
  for (const local::Alias& alias : *aliases)
    if (const auto expansion = local::expand_alias(alias.name, lookup))
      invariant(expansion->is_alias && !expansion->targets.empty(), "an alias of nothing");
  return 0;
}
