// Which user an address belongs to where users/assign says nothing, and which .qmail file speaks for it: the rules of
// qmail-getpw(8) and dot-qmail(5). Pure: accounts come in as a function.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/local/assign.h"  // Owner

namespace sluice::local {

inline constexpr std::string_view kBreak = "-";          // between a user and an extension
inline constexpr std::string_view kAliasUser = "alias";  // whose .qmail-NAME files take what is no user's
inline constexpr std::size_t kLongestUser = 32;          // octets; longer names are never looked up

// One way to read a local part: the user (lower case, a name that could be in passwd) and the rest behind the break.
struct OwnerCandidate {
  std::string user;
  std::string dash;  // "" or "-"
  std::string ext;
  friend bool operator==(const OwnerCandidate&, const OwnerCandidate&) = default;
};

// "a-b-c": {a-b-c}, {a-b, c}, {a, b-c}: the longest user first.
std::vector<OwnerCandidate> owner_candidates(std::string_view local_part);

// Printable ASCII without '/', ':' and a leading '-' or '.': safe as a name, in a path and in a log.
bool is_user_name(std::string_view name);

struct Account {
  std::string name;
  std::uint32_t uid = 0, gid = 0;
  std::string home;
  // Of `home`: its owner. nullopt: it does not exist, and then the account takes no mail.
  std::optional<std::uint32_t> home_owner;
};
// The account of that name; nullopt: none; the error is temporary (a directory service or disk that does not answer).
using AccountLookup = std::function<Result<std::optional<Account>, std::string>(std::string_view name)>;

// The first candidate whose account is not root and owns its home; else the user `alias` with dash "-" and the whole
// local part as extension (its home is not checked so). The error: a lookup failed, or there is no user `alias` either.
Result<Owner, std::string> find_owner(std::string_view local_part, const AccountLookup& lookup);

// A .qmail file that may speak for (dash, ext).
struct DotQmailName {
  std::string file;                         // ".qmail-ext", relative to the home
  std::optional<std::string> default_part;  // DEFAULT: what "default" in the name stands for
  friend bool operator==(const DotQmailName&, const DotQmailName&) = default;
};

// In order: .qmail DASH EXT, then with ever shorter prefixes of EXT that end in a break .qmail DASH PREFIX default. In
// file names upper case is lowered and '.' becomes ':'; a '/' in EXT becomes ':' too, so that no name leaves the home.
// With an empty dash: ".qmail" only. At most kMostDotQmailNames; an extension of more breaks loses its longest
// defaults.
inline constexpr std::size_t kMostDotQmailNames = 100;
std::vector<DotQmailName> dot_qmail_names(std::string_view dash, std::string_view ext);

// An address whose dash is not empty and which has no .qmail file at all does not exist (5.1.1); one with an empty dash
// and no file goes to the default delivery.
bool needs_dot_qmail(std::string_view dash);

// The names of the files that say who owns a list: .qmail DASH EXT -owner and ... -owner-default.
struct OwnerFiles {
  std::string owner, owner_default;
};
OwnerFiles owner_files(std::string_view dash, std::string_view ext);

}  // namespace sluice::local
