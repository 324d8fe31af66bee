#include "mailbox_owner.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "core/mail/address.h"
#include "system/os/users.h"

namespace sluice::local_delivery {

namespace {

constexpr std::size_t kLongestName = 64;

mail::Outcome failed(std::string_view address) {
  return {mail::Verdict::kFailed,
          mail::Trouble::kNone,
          0,
          {5, 1, 1},
          fmt::format("Sorry, there is no mailbox here by that name: {} (#5.1.1)", mail::printable(address))};
}

// Nothing: no such user here.
Result<std::optional<MailboxOwner>, mail::Outcome> owner_named(const std::string& name, Home needed) {
  const auto user = os::find_user(name);
  if (!user || user->uid == 0) return std::nullopt;
  const MailboxOwner owner{user->name, user->home, user->uid, user->gid};
  if (needed == Home::kUnused) return owner;
  struct stat home {};
  if (::stat(user->home.c_str(), &home) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(mail::Outcome{mail::Verdict::kDeferred,
                              mail::Trouble::kNone,
                              0,
                              {4, 3, 0},
                              fmt::format("The home directory of {} cannot be seen. (#4.3.0)", name)});
  }
  if (home.st_uid != user->uid) return std::nullopt;  // a system account without a home of its own
  return owner;
}

}  // namespace

Result<MailboxOwner, mail::Outcome> mailbox_owner(std::string_view address, Home home) {
  std::string name = ascii_lowered(mail::local_part_of(address));
  for (;;) {
    if (name.empty() || name.size() > kLongestName) return fail(failed(address));
    auto owner = owner_named(name, home);
    if (!owner) return fail(owner.error());
    if (*owner) return std::move(**owner);
    const auto dash = name.rfind('-');
    if (dash == std::string::npos) return fail(failed(address));
    name.resize(dash);
  }
}

}  // namespace sluice::local_delivery
