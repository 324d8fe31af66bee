#include "system/os/account_reader.h"

#include <cerrno>
#include <type_traits>

#include "core/accounts/account_files.h"
#include "system/os/regular_file.h"

namespace sluice::os {

namespace {

static_assert(std::is_same_v<uid_t, std::uint32_t>);
static_assert(std::is_same_v<gid_t, std::uint32_t>);

Result<std::string, int> text_of(const std::string& path) {
  auto file = read_regular_file(path, AccountReader::kLargest);
  if (!file) return fail(int{file.error().code});
  if (!*file) return fail(int{ENOENT});
  return std::move((*file)->text);
}

template <class Key>
Result<std::optional<UserEntry>, int> user_by(const std::string& path, const Key& key) {
  const auto text = text_of(path);
  if (!text) return fail(int{text.error()});
  const auto entry = accounts::find_user(*text, key);
  if (!entry) return std::nullopt;
  return UserEntry{entry->uid,
                   entry->gid,
                   std::string(entry->name),
                   std::string(entry->home),
                   std::string(entry->shell),
                   std::string(entry->gecos)};
}

}  // namespace

Result<std::optional<UserEntry>, int> AccountReader::user(const std::string& name) const {
  return user_by(passwd_, std::string_view(name));
}

Result<std::optional<UserEntry>, int> AccountReader::user(uid_t uid) const { return user_by(passwd_, uid); }

Result<std::optional<gid_t>, int> AccountReader::group(const std::string& name) const {
  const auto text = text_of(group_);
  if (!text) return fail(int{text.error()});
  const auto entry = accounts::find_group(*text, std::string_view(name));
  return entry ? std::optional(entry->gid) : std::nullopt;
}

Result<std::optional<std::string>, int> AccountReader::group_name(gid_t gid) const {
  const auto text = text_of(group_);
  if (!text) return fail(int{text.error()});
  const auto entry = accounts::find_group(*text, gid);
  return entry ? std::optional(std::string(entry->name)) : std::nullopt;
}

Result<std::vector<gid_t>, int> AccountReader::groups_of(const std::string& user, gid_t primary) const {
  const auto text = text_of(group_);
  if (!text) return fail(int{text.error()});
  return accounts::groups_of(*text, user, primary);
}

}  // namespace sluice::os
