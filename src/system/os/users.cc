#include "system/os/users.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "system/os/account_reader.h"

namespace sluice::os {

namespace {

// The reader that $USE_QPWGR asks for, if it does.
std::optional<AccountReader> own_reader() {
  return ::secure_getenv("USE_QPWGR") != nullptr ? std::optional<AccountReader>(std::in_place) : std::nullopt;
}

constexpr std::size_t kFirstRoom = 4096, kMostRoom = 1 << 20;

// Calls a getXXX_r function with ever more room until the entry fits. The entry points into `room`.
template <class Entry, class Call>
bool look_up(Entry& entry, std::vector<char>& room, Call call) {
  for (std::size_t size = kFirstRoom; size <= kMostRoom; size *= 4) {
    room.resize(size);
    Entry* found = nullptr;
    const int error = call(&entry, room.data(), room.size(), &found);
    if (error == ERANGE) continue;
    return error == 0 && found != nullptr;
  }
  return false;
}

template <class Call>
std::optional<UserEntry> look_up_user(Call call) {
  passwd entry{};
  std::vector<char> room;
  if (!look_up(entry, room, call)) return std::nullopt;
  return UserEntry{entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell, entry.pw_gecos};
}

}  // namespace

std::optional<UserEntry> find_user(const std::string& name) {
  if (const auto reader = own_reader()) return reader->user(name).value_or(std::nullopt);
  return look_up_user([&](passwd* entry, char* room, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, room, size, found);
  });
}

std::optional<UserEntry> find_user(uid_t uid) {
  if (const auto reader = own_reader()) return reader->user(uid).value_or(std::nullopt);
  return look_up_user([&](passwd* entry, char* room, std::size_t size, passwd** found) {
    return ::getpwuid_r(uid, entry, room, size, found);
  });
}

Result<std::optional<UserEntry>, int> look_up_user(const std::string& name) {
  if (const auto reader = own_reader()) return reader->user(name);
  for (std::size_t size = kFirstRoom;; size *= 4) {
    passwd entry{};
    std::vector<char> room(size);
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (error == ERANGE && size < kMostRoom) continue;
    if (found != nullptr) return UserEntry{entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell};
    // What the manual page gives for "no such user".
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) return std::nullopt;
    return fail(int{error});
  }
}

std::vector<gid_t> groups_of(const std::string& name, gid_t primary) {
  if (const auto reader = own_reader()) return reader->groups_of(name, primary).value_or(std::vector{primary});
  std::vector<gid_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    const int found = ::getgrouplist(name.c_str(), primary, groups.data(), &count);
    groups.resize(static_cast<std::size_t>(count));
    if (found >= 0) return groups;
  }
}

std::optional<gid_t> find_group(const std::string& name) {
  if (const auto reader = own_reader()) return reader->group(name).value_or(std::nullopt);
  group entry{};
  std::vector<char> room;
  const bool known = look_up(entry, room, [&](group* g, char* data, std::size_t size, group** found) {
    return ::getgrnam_r(name.c_str(), g, data, size, found);
  });
  return known ? std::optional(entry.gr_gid) : std::nullopt;
}

std::string user_name(uid_t uid) {
  const auto user = find_user(uid);
  return user ? user->name : std::to_string(uid);
}

std::string group_name(gid_t gid) {
  if (const auto reader = own_reader())
    return reader->group_name(gid).value_or(std::nullopt).value_or(std::to_string(gid));
  group entry{};
  std::vector<char> room;
  const bool known = look_up(entry, room, [&](group* g, char* data, std::size_t size, group** found) {
    return ::getgrgid_r(gid, g, data, size, found);
  });
  return known ? entry.gr_name : std::to_string(gid);
}

}  // namespace sluice::os
