// users/assign: every assignment that is read can be found again under its own address and belongs to no root. The same
// octets as the records of a damaged users/cdb give a user or an error.
#include <cstddef>
#include <cstdint>
#include <map>

#include "base/invariant.h"
#include "core/local/assign.h"
#include "core/local/owner.h"

using namespace sluice;

namespace {

using Found = Result<std::optional<std::string>, std::string>;

void check_file(Octets text) {
  const auto assignments = local::parse_assign(text);
  if (!assignments) return;
  std::map<std::string, std::string, std::less<>> records;
  for (auto& [key, value] : local::encode_assignments(*assignments)) records.emplace(key, value);
  const local::AssignLookup lookup = [&](std::string_view key) -> Found {
    const auto found = records.find(key);
    return found == records.end() ? std::nullopt : std::optional(found->second);
  };
  for (const local::Assignment& assignment : *assignments) {
    const auto owner = local::find_assigned(assignment.address, lookup);
    invariant(owner.has_value() && *owner && (*owner)->uid != 0, "an assignment that is not found");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  check_file(text);
  const local::AssignLookup damaged = [&](std::string_view key) -> Found {
    if (key.size() % 3 == 1) return std::nullopt;
    return std::string(text);
  };
  if (const auto owner = local::find_assigned(text, damaged); owner && *owner)
    invariant((*owner)->uid != 0, "root by a damaged record");
  for (const local::DotQmailName& name : local::dot_qmail_names("-", text))
    invariant(name.file.find('/') == std::string::npos && name.file.starts_with(".qmail"), "a file elsewhere");
  return 0;
}
