// Who owns a POSIX shared memory object or message queue, and who may use it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

namespace sluice::ipc {

struct ObjectAccess {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;
};

// Both kinds live in a directory in which every user may make objects, so that the one of our name may be anybody's. It
// is kept only if it belongs to `wanted.owner` and to no other name; whoever once had it open for writing keeps that.
bool may_be_kept(const struct stat& status, const ObjectAccess& wanted);

// Sets owner and mode as wanted where they are not. The error is an errno.
std::optional<int> give_access(int descriptor, const ObjectAccess& wanted);

}  // namespace sluice::ipc
