#include "core/accounts/account_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <unordered_set>

namespace sluice::accounts {

namespace {

using std::string_view;

// Exactly `count` fields between colons.
template <std::size_t count>
std::optional<std::array<string_view, count>> fields_of(string_view line) {
  std::array<string_view, count> fields;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t colon = line.find(':');
    if ((colon == line.npos) != (i + 1 == count)) return std::nullopt;
    fields[i] = line.substr(0, colon);
    line.remove_prefix(colon == line.npos ? line.size() : colon + 1);
  }
  return fields;
}

bool is_name(string_view name) {
  return !name.empty() && name.front() != '+' && name.front() != '-' && name.front() != '#';
}

std::optional<std::uint32_t> number_of(string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  return whole && value != std::numeric_limits<std::uint32_t>::max() ? std::optional(value) : std::nullopt;
}

// The first entry of a file for which `wanted` holds.
template <class Parse, class Wanted>
auto first(string_view text, Parse parse, Wanted wanted) -> decltype(parse(text)) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto entry = parse(text.substr(0, end)); entry && wanted(*entry)) return entry;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

bool has_member(string_view members, string_view user) {
  for (;;) {
    const std::size_t comma = members.find(',');
    if (members.substr(0, comma) == user) return true;
    if (comma == members.npos) return false;
    members.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<PasswdEntry> parse_passwd_line(string_view line) {
  const auto fields = fields_of<7>(line);
  if (!fields || !is_name((*fields)[0]) || line.find('\0') != line.npos) return std::nullopt;
  const auto uid = number_of((*fields)[2]), gid = number_of((*fields)[3]);
  if (!uid || !gid) return std::nullopt;
  return PasswdEntry{(*fields)[0], *uid, *gid, (*fields)[4], (*fields)[5], (*fields)[6]};
}

std::optional<GroupEntry> parse_group_line(string_view line) {
  const auto fields = fields_of<4>(line);
  if (!fields || !is_name((*fields)[0]) || line.find('\0') != line.npos) return std::nullopt;
  const auto gid = number_of((*fields)[2]);
  return gid ? std::optional(GroupEntry{(*fields)[0], *gid, (*fields)[3]}) : std::nullopt;
}

std::optional<PasswdEntry> find_user(string_view passwd, string_view name) {
  return first(passwd, parse_passwd_line, [&](const PasswdEntry& entry) { return entry.name == name; });
}

std::optional<PasswdEntry> find_user(string_view passwd, std::uint32_t uid) {
  return first(passwd, parse_passwd_line, [&](const PasswdEntry& entry) { return entry.uid == uid; });
}

std::optional<GroupEntry> find_group(string_view group, string_view name) {
  return first(group, parse_group_line, [&](const GroupEntry& entry) { return entry.name == name; });
}

std::optional<GroupEntry> find_group(string_view group, std::uint32_t gid) {
  return first(group, parse_group_line, [&](const GroupEntry& entry) { return entry.gid == gid; });
}

std::vector<std::uint32_t> groups_of(string_view group, string_view user, std::uint32_t primary) {
  std::vector<std::uint32_t> groups{primary};
  std::unordered_set<std::uint32_t> known{primary};
  first(group, parse_group_line, [&](const GroupEntry& entry) {
    if (has_member(entry.members, user) && known.insert(entry.gid).second) groups.push_back(entry.gid);
    return groups.size() == kMostGroups;
  });
  return groups;
}

}  // namespace sluice::accounts
