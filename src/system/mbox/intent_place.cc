#include "system/mbox/intent_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "system/os/fd.h"

namespace sluice::mbox {

namespace {

constexpr const char* kAttribute = "user.sluice.append";

// The file system has none, or no room for them: a file is the way then.
bool has_no_attributes(int error) {
  return error == ENOTSUP || error == EPERM || error == E2BIG || error == ENOSPC || error == ENOSYS;
}
bool may_not_create(int error) { return error == EACCES || error == EPERM || error == EROFS || error == ENAMETOOLONG; }

}  // namespace

std::optional<local::MboxIntent> IntentPlace::find() {
  std::string encoded(local::kMaximumIntent + 1, '\0');
  ssize_t count = ::fgetxattr(mailbox_, kAttribute, encoded.data(), encoded.size());
  where_ = Where::kAttribute;
  if (count < 0) {
    where_ = Where::kBeside;
    const os::Fd file(::openat(directory_, beside_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    // In a directory that is shared anybody could put one here.
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid())
      return std::nullopt;
    count = ::read(file.get(), encoded.data(), encoded.size());
    if (count < 0) return std::nullopt;
  }
  return local::decode_intent(Octets(encoded).substr(0, static_cast<std::size_t>(count)));
}

Result<bool, int> IntentPlace::keep_as_attribute(Octets encoded) {
  where_ = Where::kAttribute;
  if (disk_.set_attribute(mailbox_, kAttribute, encoded) != 0) {
    if (has_no_attributes(errno)) return false;
    return fail(int{errno});
  }
  if (disk_.sync(mailbox_) != 0) return fail(int{errno});
  return true;
}

Result<IntentPlace::Kept, int> IntentPlace::keep_beside(Octets encoded) {
  where_ = Where::kBeside;
  if (disk_.remove(directory_, beside_.c_str()) != 0 && errno != ENOENT)
    return may_not_create(errno) ? Result<Kept, int>(Kept::kNowhere) : fail(int{errno});
  const os::Fd file(disk_.create(directory_, beside_.c_str()));
  if (!file) return may_not_create(errno) ? Result<Kept, int>(Kept::kNowhere) : fail(int{errno});
  const ssize_t count = disk_.write(file.get(), encoded);
  if (count != static_cast<ssize_t>(encoded.size())) return fail(count < 0 ? int{errno} : ENOSPC);
  if (disk_.sync(file.get()) != 0 || disk_.sync(directory_) != 0) return fail(int{errno});
  return Kept::kYes;
}

Result<IntentPlace::Kept, int> IntentPlace::keep(const local::MboxIntent& intent) {
  const std::string encoded = local::encode_intent(intent);
  const auto kept = keep_as_attribute(encoded);
  if (!kept) return fail(int{kept.error()});
  return *kept ? Result<Kept, int>(Kept::kYes) : keep_beside(encoded);
}

Result<void, int> IntentPlace::drop() {
  // An intent that stays behind a delivery that was reported would take the message away again: no error is passed over
  // but the one that says that nothing is there.
  switch (where_) {
    case Where::kNowhere:
      return {};
    case Where::kAttribute:
      if (disk_.remove_attribute(mailbox_, kAttribute) != 0 && errno != ENODATA) return fail(int{errno});
      if (disk_.sync(mailbox_) != 0) return fail(int{errno});
      return {};
    case Where::kBeside:
      if (disk_.remove(directory_, beside_.c_str()) != 0 && errno != ENOENT) return fail(int{errno});
      if (disk_.sync(directory_) != 0) return fail(int{errno});
      return {};
  }
  return {};
}

}  // namespace sluice::mbox
