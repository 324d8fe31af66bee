// users/assign and users/cdb (qmail-users(5)): which user an address belongs to, where the administrator has said so.
// The database is qmail's own, octet by octet, so that its tools read ours and the other way round:
//
//   key "!local\0"   an exact address, lower case    value user\0uid\0gid\0home\0dash\0ext      (no NUL at the end)
//   key "!prefix"    a wildcard, lower case          value user\0uid\0gid\0home\0dash\0pre
//   key ""           the last octets of all wildcards: only there may a wildcard end
//
// An address is looked up as it is, then by its prefixes, longest first, of those that end in one of the octets of key
// "", and last by the wildcard of no octets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::local {

// Who gets the mail of an address, and what selects the .qmail file: .qmail DASH EXT in `home`.
struct Owner {
  std::string user;
  std::uint32_t uid = 0, gid = 0;
  std::string home;
  std::string dash;  // "" or "-", or what users/assign says
  std::string ext;
  friend bool operator==(const Owner&, const Owner&) = default;
};

struct Assignment {
  bool wildcard = false;
  std::string address;  // the local part, or its beginning
  Owner owner;          // ext: for a wildcard what comes before the rest of the address
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct AssignError {
  std::size_t line = 0;  // from 1
  std::string text;
  friend bool operator==(const AssignError&, const AssignError&) = default;
};

// The whole file. It ends with a line that begins with '.'; what follows is not read; a file without it is cut short
// and refused. Empty lines and comments are not part of the format. uid and gid are decimal; uid 0 is refused: no
// delivery runs as root.
Result<std::vector<Assignment>, AssignError> parse_assign(Octets text);

struct KeyValue {
  std::string key, value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};
// Everything that the database holds, in the order of the file, key "" last. Of two records for one key the first
// counts.
std::vector<KeyValue> encode_assignments(const std::vector<Assignment>& assignments);

// One record of a database; nullopt: no such key; the error is a text of the database's reader.
using AssignLookup = std::function<Result<std::optional<std::string>, std::string>(std::string_view key)>;

// nullopt: not assigned, ask the passwd rules (owner.h). The error is temporary: the database cannot be read or what it
// says cannot be understood (a damaged value is an error, never somebody else).
Result<std::optional<Owner>, std::string> find_assigned(std::string_view local_part, const AssignLookup& lookup);

}  // namespace sluice::local
