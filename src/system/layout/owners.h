// Owners: the numbers behind the users and groups of core/queue/layout.h on this machine. With root they are those of
// the partition; without root there is no partition, and everybody is the caller.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/queue/layout.h"
#include "system/os/process.h"

namespace sluice::layout {

struct MissingAccounts {
  std::vector<std::string> users, groups;
  // "users qmails, qmailq and group qmail do not exist; `sluice setup` makes them"
  std::string to_text() const;
};

class Owners {
 public:
  // Looks all users and groups up when the effective uid is root, else gives caller().
  static Result<Owners, MissingAccounts> find();
  // Everybody is the effective user of this process.
  static Owners caller();

  bool partitioned() const { return partitioned_; }
  uid_t uid(queue::User user) const { return uids_[static_cast<std::size_t>(user)]; }
  gid_t gid(queue::Group group) const { return gids_[static_cast<std::size_t>(group)]; }
  // What a program is to become; nothing to change without a partition.
  std::optional<os::Identity> identity(queue::User user, queue::Group group) const;

 private:
  Owners() = default;
  std::array<uid_t, queue::kUsers> uids_{};
  std::array<gid_t, queue::kGroups> gids_{};
  bool partitioned_ = false;
};

// "running without root: every daemon runs as uid N (NAME), without the partition of users"
std::string without_partition();

}  // namespace sluice::layout
