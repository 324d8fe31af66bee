// The tables [group.NAME] of etc/sluice.toml: another way to write entries of queuegroups (queuegroups(5)). Internal to
// this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/settings/assignment.h"

namespace sluice::settings {

// The field that a key of such a table means: 'R' for "runners"; 0: there is no such key.
char group_field_of(std::string_view key);
std::string group_keys();  // all of them, for people

// One value of such a table, as text, and where it stands.
struct GroupValue {
  std::string key, text;
  std::uint32_t line = 0, column = 0;
};
struct GroupTable {
  std::string name;
  std::uint32_t line = 0, column = 0;
  std::vector<GroupValue> values;
};

// The table as an entry of queuegroups; nothing, and problems of the file `where`, if it is wrong.
std::optional<Piece> piece_of(const GroupTable& table, const std::string& where, std::vector<Problem>& problems);

}  // namespace sluice::settings
