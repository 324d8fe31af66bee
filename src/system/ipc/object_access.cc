#include "system/ipc/object_access.h"

#include <unistd.h>

#include <cerrno>

namespace sluice::ipc {

bool may_be_kept(const struct stat& status, const ObjectAccess& wanted) {
  return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == wanted.owner;
}

std::optional<int> give_access(int descriptor, const ObjectAccess& wanted) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return errno;
  const bool owned = status.st_uid == wanted.owner && status.st_gid == wanted.group;
  if (!owned && ::fchown(descriptor, wanted.owner, wanted.group) != 0) return errno;
  if ((status.st_mode & 07777) != wanted.mode && ::fchmod(descriptor, wanted.mode) != 0) return errno;
  return std::nullopt;
}

}  // namespace sluice::ipc
