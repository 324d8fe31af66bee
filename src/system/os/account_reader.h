// AccountReader: users and groups as they stand in the two files of the system, read anew at each question, without the
// name service. For users.h, which uses it where $USE_QPWGR asks for that; nobody else knows which way is taken.
//
// The error of each is an errno: the file cannot be read, is no regular file (EINVAL), or larger than kLargest (EFBIG).
// A file that does not exist is ENOENT.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "system/os/users.h"

namespace sluice::os {

class AccountReader {
 public:
  static constexpr std::size_t kLargest = 64 << 20;  // octets of one file

  AccountReader() : AccountReader("/etc/passwd", "/etc/group") {}
  AccountReader(std::string passwd, std::string group) : passwd_(std::move(passwd)), group_(std::move(group)) {}

  Result<std::optional<UserEntry>, int> user(const std::string& name) const;
  Result<std::optional<UserEntry>, int> user(uid_t uid) const;
  Result<std::optional<gid_t>, int> group(const std::string& name) const;
  Result<std::optional<std::string>, int> group_name(gid_t gid) const;
  // `primary` and those that name the user.
  Result<std::vector<gid_t>, int> groups_of(const std::string& user, gid_t primary) const;

 private:
  std::string passwd_, group_;
};

}  // namespace sluice::os
