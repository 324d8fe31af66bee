// Declarations of queue groups and entries of their map, a line each; an entry of the map begins with '>'.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/route/queue_groups.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> declarations, map;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    (line.starts_with('>') ? map : declarations).emplace_back(line.starts_with('>') ? line.substr(1) : line);
  }
  const auto groups = sluice::route::QueueGroups::of(declarations, map);
  if (!groups) {
    if (groups.error().empty()) std::abort();
    return 0;
  }
  if (groups->all().empty() || groups->all().size() > sluice::route::kMaximumGroups) std::abort();
  for (const auto& group : groups->all())
    if (groups->find(group.name) != &group) std::abort();
  for (const auto& entry : map) {
    const auto place = groups->group_of(entry);
    if (place && *place >= groups->all().size()) std::abort();
  }
  [[maybe_unused]] const auto placed = groups->check_paths("/queue");
  return 0;
}
