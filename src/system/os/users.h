// The system's users and groups, looked up by name or number. Look-ups may read files or ask a directory service, so
// they are for the start of a program, never for its turn.
//
// With USE_QPWGR in the environment, whatever its value, the files /etc/passwd and /etc/group are read here and the
// name service of the C library is not asked; in a set-user-id program the variable is somebody else's and is ignored.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::os {

struct UserEntry {
  uid_t uid;
  gid_t gid;  // of the primary group
  std::string name, home, shell;
  std::string gecos = {};  // full name and more, separated by commas
};

std::optional<UserEntry> find_user(const std::string& name);
std::optional<UserEntry> find_user(uid_t uid);
// As find_user(), but tells a user who does not exist from a directory that does not answer (an errno).
Result<std::optional<UserEntry>, int> look_up_user(const std::string& name);

// All groups of a user, `primary` included.
std::vector<gid_t> groups_of(const std::string& name, gid_t primary);

std::optional<gid_t> find_group(const std::string& name);

// The name, or the number in decimal where there is none: for messages.
std::string user_name(uid_t uid);
std::string group_name(gid_t gid);

}  // namespace sluice::os
