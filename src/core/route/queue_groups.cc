#include "core/route/queue_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace sluice::route {

namespace {

constexpr std::size_t kLongestKey = 320;  // an address of RFC 5321
constexpr std::size_t kMostEntries = 1'000'000;

using Read = Result<void, std::string>;

// The k-th declared group begins at 100·k+1 as long as there are such numbers; further groups begin in the gaps, so
// that nobody's numbers depend on how many queues another group has.
std::uint32_t number_of_its_own(std::size_t k) {
  constexpr std::size_t kHundreds = 9;
  constexpr std::array<std::uint32_t, 5> kGaps{51, 26, 76, 13, 38};
  constexpr std::size_t kWithHundred = kLastQueue / 100;
  if (k <= kWithHundred) return static_cast<std::uint32_t>(k) * 100 + 1;
  const std::size_t further = k - kWithHundred - 1;
  return static_cast<std::uint32_t>(further % kHundreds + 1) * 100 + kGaps[further / kHundreds % kGaps.size()];
}

Read merge_default(QueueGroup declared, QueueGroup& group) {
  if (!declared.paths.empty() || declared.first_queue != 0 || declared.queue_min != 1 || declared.queue_max != 1)
    return fail(
        fmt::format("queue {}: its queues are set by queue_base, queue_start, queue_count and queue_max, not by "
                    "P=, q= and s=",
                    kDefaultGroup));
  group = std::move(declared);
  return {};
}

std::uint32_t last_queue(const QueueGroup& group) { return group.first_queue + group.queue_max - 1; }

Read check_numbers(std::span<const QueueGroup> groups) {
  for (std::size_t i = 1; i < groups.size(); ++i) {
    const QueueGroup& group = groups[i];
    if (last_queue(group) > kLastQueue)
      return fail(fmt::format("queue {}: queues {} to {} are asked for; the last possible number is {}", group.name,
                              group.first_queue, last_queue(group), kLastQueue));
    for (std::size_t k = 1; k < i; ++k)
      if (groups[k].first_queue <= last_queue(group) && group.first_queue <= last_queue(groups[k]))
        return fail(fmt::format("queue {}: its queues {} to {} are also those of {}; s= sets the number of the first",
                                group.name, group.first_queue, last_queue(group), groups[k].name));
  }
  return {};
}

Failure<std::string> wrong_entry(std::string_view entry, std::string_view why) {
  return fail(fmt::format("\"{}\": {}", entry.substr(0, kLongestKey), why));
}

// Where a directory that was declared lies; a group without one has one of its own name.
std::vector<std::string> directories_of(const QueueGroup& group, std::string_view queue_base) {
  if (group.paths.empty()) return {fmt::format("{}/{}", queue_base, group.name)};
  std::vector<std::string> directories;
  for (const std::string& path : group.paths)
    directories.push_back(path.starts_with('/') ? path : fmt::format("{}/{}", queue_base, path));
  return directories;
}

bool overlap(std::string_view a, std::string_view b) {
  const bool any_a = a.ends_with('*'), any_b = b.ends_with('*');
  if (any_a) a.remove_suffix(1);
  if (any_b) b.remove_suffix(1);
  return a == b || (any_a && b.starts_with(a)) || (any_b && a.starts_with(b));
}

}  // namespace

bool is_default_group(std::string_view name) {
  return ascii_equal_ignore_case(name, kDefaultGroup) || ascii_equal_ignore_case(name, "default");
}

std::string unknown_group(std::string_view name) { return fmt::format("Queue group {} unknown", name); }

Result<MapEntry, std::string> parse_map_entry(std::string_view entry) {
  const std::size_t colon = entry.rfind(':');
  if (colon == entry.npos || colon + 1 == entry.size())
    return wrong_entry(entry, "ADDRESS:GROUP, DOMAIN:GROUP, .SUFFIX:GROUP or :GROUP is expected");
  const std::string_view key = entry.substr(0, colon);
  if (key.size() > kLongestKey) return wrong_entry(entry, fmt::format("an address has at most {} octets", kLongestKey));
  if (key.find_first_of(" \t\r\n") != key.npos) return wrong_entry(entry, "an address has no blanks");
  if (key.starts_with('@') || key.ends_with('@') || key == ".")
    return wrong_entry(entry, "that is neither an address nor a domain");
  return MapEntry{.key = std::string(key), .group = std::string(entry.substr(colon + 1))};
}

Result<QueueGroups, std::string> QueueGroups::of(std::span<const std::string> declarations,
                                                 std::span<const std::string> map) {
  QueueGroups result;
  for (const std::string& declaration : declarations)
    if (auto added = result.add(declaration); !added) return fail(added.error());
  if (auto checked = check_numbers(result.groups_); !checked) return fail(checked.error());
  if (map.size() > kMostEntries) return fail(fmt::format("the map has more than {} entries", kMostEntries));
  for (const std::string& text : map) {
    auto entry = parse_map_entry(text);
    if (!entry) return fail(entry.error());
    const auto place = result.place_of(entry->group);
    if (!place) return wrong_entry(text, unknown_group(entry->group));
    result.map_.set(entry->key, *place);
  }
  return result;
}

Result<void, std::string> QueueGroups::add(std::string_view declaration) {
  auto declared = parse_group(declaration);
  if (!declared) return fail(declared.error());
  if (is_default_group(declared->name)) return merge_default(std::move(*declared), groups_.front());
  if (find(declared->name) != nullptr) return fail(fmt::format("queue {}: it is declared twice", declared->name));
  if (groups_.size() >= kMaximumGroups)
    return fail(fmt::format("queue {}: there are at most {} groups", declared->name, kMaximumGroups));
  if (declared->first_queue == 0) declared->first_queue = number_of_its_own(groups_.size());
  groups_.push_back(std::move(*declared));
  return {};
}

std::optional<std::size_t> QueueGroups::place_of(std::string_view name) const {
  if (is_default_group(name)) return 0;
  for (std::size_t i = 1; i < groups_.size(); ++i)
    if (ascii_equal_ignore_case(groups_[i].name, name)) return i;
  return std::nullopt;
}

const QueueGroup* QueueGroups::find(std::string_view name) const {
  const auto place = place_of(name);
  return place ? &groups_[*place] : nullptr;
}

std::optional<std::size_t> QueueGroups::group_of(std::string_view address) const {
  if (map_.size() == 0) return std::nullopt;
  const std::size_t* found = address.empty() ? nullptr : map_.find(address);
  const std::size_t at = address.rfind('@');
  if (found == nullptr && at != address.npos && at + 1 < address.size())
    found = map_.find_domain(address.substr(at + 1));
  if (found == nullptr) found = map_.find("");
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<void, std::string> QueueGroups::check_paths(std::string_view queue_base) const {
  std::vector<std::pair<std::string, std::string_view>> taken;  // directory, group
  for (std::size_t i = 1; i < groups_.size(); ++i) {
    for (std::string& directory : directories_of(groups_[i], queue_base)) {
      if (!directory.starts_with(fmt::format("{}/", queue_base)))
        return fail(fmt::format("QueuePath {} not subpath of QueueDirectory {}", directory, queue_base));
      for (const auto& [other, group] : taken)
        if (overlap(directory, other))
          return fail(fmt::format("queue {}: {} is also a directory of {}", groups_[i].name, directory, group));
      taken.emplace_back(std::move(directory), groups_[i].name);
    }
  }
  return {};
}

}  // namespace sluice::route
