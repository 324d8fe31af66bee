#include "system/owner/owner_search.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/local/aliases.h"
#include "core/mail/address.h"
#include "system/os/users.h"

namespace sluice::owner {

namespace {

constexpr Duration kAccountsStay = Seconds{5};  // looking somebody up reads files or asks a directory service
constexpr std::size_t kMostAccounts = 1000;

mail::Outcome no_mailbox(std::string_view local_part) {
  return {mail::Verdict::kFailed,
          mail::Trouble::kNone,
          0,
          {5, 1, 1},
          fmt::format("Sorry, there is no mailbox here by that name: {} (#5.1.1)",
                      mail::printable(local_part.substr(0, 200)))};
}

mail::Outcome not_now(const std::string& why) {
  return {mail::Verdict::kDeferred,
          mail::Trouble::kNone,
          0,
          {4, 3, 0},
          fmt::format("{} (#4.3.0)", why.substr(0, mail::kMaximumText - 16))};
}

// Nothing: it does not exist.
Result<std::optional<std::uint32_t>, std::string> owner_of(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) == 0) return status.st_uid;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return fail(fmt::format("{} cannot be seen: {}.", directory, std::strerror(errno)));
}

}  // namespace

OwnerSearch::OwnerSearch(Places places)
    : assignments_{std::move(places.assignments)},
      aliases_{std::move(places.alias_database)},
      alias_home_(std::move(places.alias_home)),
      homes_needed_(places.homes_needed) {}

Result<bool, std::string> OwnerSearch::Database::refresh() {
  if (opened && !reader.outdated(path)) return true;
  auto fresh = cdb::Reader::open(path);
  if (!fresh) return fail(std::move(fresh.error()));
  opened = fresh->has_value();
  if (opened) reader = std::move(**fresh);
  return opened;
}

Result<std::optional<local::Owner>, std::string> OwnerSearch::assigned(std::string_view local_part) {
  const auto there = assignments_.refresh();
  if (!there) return fail(there.error());
  if (!*there) return std::nullopt;
  return local::find_assigned(local_part, [this](std::string_view key) {
    return assignments_.reader.find(key).map(
        [](auto found) { return found ? std::optional(std::string(*found)) : std::nullopt; });
  });
}

Result<bool, std::string> OwnerSearch::is_alias(std::string_view local_part) {
  const auto there = aliases_.refresh();
  if (!there || !*there) return there;
  const auto found = aliases_.reader.find(local::alias_key(local_part));
  if (!found) return fail(found.error());
  return found->has_value();
}

Result<OwnerSearch::Account, std::string> OwnerSearch::alias_account() const {
  const auto owner = owner_of(alias_home_);
  if (!owner) return fail(owner.error());
  if (!*owner) return std::nullopt;
  if (::geteuid() != 0)
    return local::Account{std::string(local::kAliasUser), ::geteuid(), ::getegid(), alias_home_, *owner};
  const auto user = os::look_up_user(std::string(local::kAliasUser));
  if (!user) return fail(std::string("The user alias cannot be looked up."));
  if (!*user) return std::nullopt;
  return local::Account{(*user)->name, (*user)->uid, (*user)->gid, alias_home_, *owner};
}

Result<OwnerSearch::Account, std::string> OwnerSearch::system_account(std::string_view name) const {
  const auto user = os::look_up_user(std::string(name));
  if (!user) return fail(fmt::format("The user {} cannot be looked up: {}.", name, std::strerror(user.error())));
  if (!*user) return std::nullopt;
  local::Account account{(*user)->name, (*user)->uid, (*user)->gid, (*user)->home, std::nullopt};
  auto owner = owner_of(account.home);
  if (!owner && homes_needed_) return fail(std::move(owner.error()));
  if (owner) account.home_owner = *owner;
  if (!homes_needed_ && account.home_owner != account.uid) {
    account.home.clear();
    account.home_owner = account.uid;
  }
  return account;
}

Result<OwnerSearch::Account, std::string> OwnerSearch::account(std::string_view name, MonoTime now) {
  if (name == local::kAliasUser) return alias_account();
  const std::string key(name);
  if (const auto known = accounts_.find(key); known != accounts_.end() && now < known->second.until)
    return known->second.account;
  auto found = system_account(name);
  // Who does not exist is not remembered: he may be made at any moment, and his mail would be returned.
  if (!found || !*found) return found;
  if (accounts_.size() >= kMostAccounts) accounts_.clear();
  accounts_.insert_or_assign(key, Remembered{**found, now + kAccountsStay});
  return found;
}

Result<Addressed, mail::Outcome> OwnerSearch::find(std::string_view local_part, Among among, MonoTime now) {
  const auto by_hand = assigned(local_part);
  if (!by_hand) return fail(not_now(by_hand.error()));
  if (*by_hand && (*by_hand)->uid == 0) return fail(not_now("This address is assigned to root."));
  if (*by_hand) return Addressed{link::Addressee::kUser, **by_hand};

  if (among == Among::kAll) {
    const auto alias = is_alias(local_part);
    if (!alias) return fail(not_now(alias.error()));
    if (*alias) {
      const auto user = alias_account();
      if (!user || !*user) return fail(not_now(user ? "There is no user alias, or he has no home." : user.error()));
      return Addressed{link::Addressee::kAlias, {(*user)->name, (*user)->uid, (*user)->gid, (*user)->home, "", ""}};
    }
  }
  bool no_alias_user = false;
  const auto owner = local::find_owner(local_part, [&](std::string_view name) {
    auto found = account(name, now);
    if (name == local::kAliasUser && found && !*found) no_alias_user = true;
    return found;
  });
  if (!owner) return fail(no_alias_user ? no_mailbox(local_part) : not_now(owner.error()));
  if (owner->uid == 0) return fail(no_mailbox(local_part));
  return Addressed{link::Addressee::kUser, *owner};
}

OwnerSearch::Places places_of(const settings::Settings& settings, std::string_view default_delivery) {
  return {settings.users_dir + "/cdb", settings.alias_database, settings.alias_dir, !default_delivery.starts_with('/')};
}

}  // namespace sluice::owner
