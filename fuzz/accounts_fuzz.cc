// /etc/passwd and /etc/group as any octets: an entry that is found is one that its own name and number find, and a
// user's groups are each there once.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

#include "base/bytes.h"
#include "base/invariant.h"
#include "core/accounts/account_files.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find('\n', at), text.size() - 1) + 1) {
    const Octets line = text.substr(at, text.find('\n', at) - at);
    if (const auto user = accounts::parse_passwd_line(line)) {
      const auto found = accounts::find_user(text, user->name);
      invariant(found && found->name == user->name, "a user that is not found");
      invariant(accounts::find_user(text, user->uid).has_value(), "a number that is not found");
    }
    if (const auto group = accounts::parse_group_line(line)) {
      const auto found = accounts::find_group(text, group->gid);
      invariant(found && found->gid == group->gid, "a group that is not found");
      const auto all = accounts::groups_of(text, group->members, group->gid);
      invariant(all.front() == group->gid && std::set(all.begin(), all.end()).size() == all.size(), "a group twice");
    }
    if (at > 4096) break;  // each line is looked for in the whole
  }
  return 0;
}
