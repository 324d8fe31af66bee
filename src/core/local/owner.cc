#include "core/local/owner.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "core/mail/address.h"

namespace sluice::local {

namespace {

constexpr std::size_t kLongestFileName = 255;  // of every file system of Linux
constexpr std::string_view kDefault = "default";

std::string file_name(std::string_view dash, std::string_view rest) {
  std::string name(dash);
  name += ascii_lowered(rest);
  for (char& c : name)
    if (c == '.' || c == '/' || c == '\0') c = ':';
  return ".qmail" + name;
}

}  // namespace

bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestUser || name.front() == '-' || name.front() == '.') return false;
  for (const char c : name)
    if (c <= ' ' || c > '~' || c == '/' || c == ':') return false;
  return true;
}

std::vector<OwnerCandidate> owner_candidates(std::string_view local_part) {
  std::vector<OwnerCandidate> candidates;
  for (std::size_t end = local_part.size(); end > 0; --end) {
    const bool whole = end == local_part.size();
    if (!whole && kBreak.find(local_part[end]) == std::string_view::npos) continue;
    std::string user = ascii_lowered(local_part.substr(0, end));
    if (!is_user_name(user)) continue;
    candidates.push_back({std::move(user), whole ? "" : "-", std::string(whole ? "" : local_part.substr(end + 1))});
  }
  return candidates;
}

Result<Owner, std::string> find_owner(std::string_view local_part, const AccountLookup& lookup) {
  for (OwnerCandidate& candidate : owner_candidates(local_part)) {
    auto account = lookup(candidate.user);
    if (!account) return fail(std::move(account.error()));
    if (!*account || (*account)->uid == 0 || (*account)->home_owner != (*account)->uid) continue;
    Account& found = **account;
    return Owner{std::move(found.name),   found.uid, found.gid, std::move(found.home), std::move(candidate.dash),
                 std::move(candidate.ext)};
  }
  auto alias = lookup(kAliasUser);
  if (!alias) return fail(std::move(alias.error()));
  if (!*alias || (*alias)->uid == 0)
    return fail(fmt::format("there is no user {}, who takes what is no user's", kAliasUser));
  Account& found = **alias;
  return Owner{std::move(found.name), found.uid, found.gid, std::move(found.home), "-", std::string(local_part)};
}

std::vector<DotQmailName> dot_qmail_names(std::string_view dash, std::string_view ext) {
  std::vector<DotQmailName> names;
  const auto add = [&](std::string file, std::optional<std::string_view> rest) {
    if (file.size() > kLongestFileName) return;  // no file has such a name
    names.push_back({std::move(file), rest ? std::optional<std::string>(*rest) : std::nullopt});
  };
  if (dash.empty()) {
    add(file_name(dash, ext), std::nullopt);
    return names;
  }
  std::optional<std::string_view> named_default;
  if (ascii_lowered(ext).ends_with(kDefault)) named_default = ext.substr(ext.size() - kDefault.size());
  add(file_name(dash, ext), named_default);
  std::vector<std::size_t> ends;  // shortest first
  for (std::size_t end = 0; end <= ext.size(); ++end)
    if (end == 0 || kBreak.find(ext[end - 1]) != std::string_view::npos) ends.push_back(end);
  if (ends.size() > kMostDotQmailNames - 1) ends.resize(kMostDotQmailNames - 1);
  for (auto end = ends.rbegin(); end != ends.rend(); ++end)
    add(file_name(dash, std::string(ext.substr(0, *end)) + std::string(kDefault)), ext.substr(*end));
  return names;
}

bool needs_dot_qmail(std::string_view dash) { return !dash.empty(); }

OwnerFiles owner_files(std::string_view dash, std::string_view ext) {
  const std::string name = file_name(dash, ext);
  return {name + "-owner", name + "-owner-default"};
}

}  // namespace sluice::local
