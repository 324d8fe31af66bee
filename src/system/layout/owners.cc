#include "system/layout/owners.h"

#include <fmt/format.h>
#include <unistd.h>

#include "system/os/users.h"

namespace sluice::layout {

namespace {

// "user a", "users a, b"; nothing for none.
std::string enumerate(std::string_view noun, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  return fmt::format("{}{} {}", noun, names.size() > 1 ? "s" : "", fmt::join(names, ", "));
}

}  // namespace

std::string MissingAccounts::to_text() const {
  const std::string both = users.empty() || groups.empty() ? "" : " and ";
  const bool one = users.size() + groups.size() == 1;
  return fmt::format("{}{}{} {} not exist; `sluice setup` makes {}", enumerate("user", users), both,
                     enumerate("group", groups), one ? "does" : "do", one ? "it" : "them");
}

Result<Owners, MissingAccounts> Owners::find() {
  if (::geteuid() != 0) return caller();
  Owners owners;
  MissingAccounts missing;
  owners.partitioned_ = true;
  for (std::size_t i = 0; i < queue::kUsers; ++i) {
    const auto user = static_cast<queue::User>(i);
    if (user == queue::User::kRoot) continue;  // uid 0, whatever its name
    if (const auto entry = os::find_user(std::string(name_of(user))))
      owners.uids_[i] = entry->uid;
    else
      missing.users.emplace_back(name_of(user));
  }
  for (std::size_t i = 0; i < queue::kGroups; ++i) {
    const auto group = static_cast<queue::Group>(i);
    if (group == queue::Group::kRoot) continue;
    const auto gid = os::find_group(std::string(name_of(group)));
    if (gid)
      owners.gids_[i] = *gid;
    else
      missing.groups.emplace_back(name_of(group));
  }
  if (!missing.users.empty() || !missing.groups.empty()) return fail(missing);
  return owners;
}

Owners Owners::caller() {
  Owners owners;
  owners.uids_.fill(::geteuid());
  owners.gids_.fill(::getegid());
  return owners;
}

std::optional<os::Identity> Owners::identity(queue::User user, queue::Group group) const {
  if (!partitioned_) return std::nullopt;
  return os::Identity{uid(user), gid(group)};
}

std::string without_partition() {
  return fmt::format("running without root: every daemon runs as uid {} ({}), without the partition of users",
                     ::geteuid(), os::user_name(::geteuid()));
}

}  // namespace sluice::layout
