// The texts of /etc/passwd (passwd(5)) and /etc/group (group(5)), read line by line: for programs that look users up in
// these files themselves and ask no directory service ($USE_QPWGR). Who calls: system/os/users.h.
//
// Any octets may stand in the files. A line that is not whole (another number of fields, a number that is none, a name
// that is empty or begins as an entry of NIS does, a NUL) is passed over; of two entries with the same name or number
// the first counts. Views point into the text; only groups_of() allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::accounts {

struct PasswdEntry {
  std::string_view name;
  std::uint32_t uid = 0, gid = 0;
  std::string_view gecos, home, shell;
};
struct GroupEntry {
  std::string_view name;
  std::uint32_t gid = 0;
  std::string_view members;  // names, separated by commas
};

// One line without its line feed. nullopt: not whole, or a comment. 2^32 - 1 is no number of a user or group: the
// kernel takes it for "leave as it is".
std::optional<PasswdEntry> parse_passwd_line(std::string_view line);
std::optional<GroupEntry> parse_group_line(std::string_view line);

std::optional<PasswdEntry> find_user(std::string_view passwd, std::string_view name);
std::optional<PasswdEntry> find_user(std::string_view passwd, std::uint32_t uid);
std::optional<GroupEntry> find_group(std::string_view group, std::string_view name);
std::optional<GroupEntry> find_group(std::string_view group, std::uint32_t gid);

// `primary`, then every other group that has `user` as a member, each once, in the order of the file; at most
// kMostGroups, which is what the kernel takes.
inline constexpr std::size_t kMostGroups = 65536;
std::vector<std::uint32_t> groups_of(std::string_view group, std::string_view user, std::uint32_t primary);

}  // namespace sluice::accounts
