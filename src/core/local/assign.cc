#include "core/local/assign.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace sluice::local {

namespace {

constexpr std::size_t kFields = 6;  // user, uid, gid, home, dash, ext
using Fields = std::array<std::string_view, kFields>;

// Takes the fields off the front of `text`, each ended by `separator`. With `open_end` the last needs none and may hold
// some. False: there are too few.
bool split(std::string_view text, char separator, bool open_end, Fields& fields) {
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t end = open_end && i + 1 == kFields ? text.size() : text.find(separator);
    if (end == std::string_view::npos) return false;
    fields[i] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value == 0xffffffffu) return std::nullopt;  // setuid(-1) changes nothing
  return value;
}

// Checks the fields and makes an Owner of them.
Result<Owner, std::string> read_owner(const Fields& fields) {
  const auto [user, uid, gid, home, dash, ext] = fields;
  const auto uid_value = number(uid), gid_value = number(gid);
  if (user.empty()) return fail(std::string("the user has no name"));
  if (!uid_value) return fail(std::string("the uid is not a number"));
  if (*uid_value == 0) return fail(std::string("the uid is 0: nothing is delivered as root"));
  if (!gid_value) return fail(std::string("the gid is not a number"));
  if (!home.starts_with('/')) return fail(std::string("the home does not begin with '/'"));
  if (dash.find('/') != std::string_view::npos) return fail(std::string("the dash holds a '/'"));
  return Owner{std::string(user), *uid_value, *gid_value, std::string(home), std::string(dash), std::string(ext)};
}

Result<Assignment, std::string> read_line(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return fail(std::string("a NUL octet"));
  if (line.empty() || (line.front() != '=' && line.front() != '+'))
    return fail(std::string("the line begins with none of '=', '+' and '.'"));
  const std::size_t colon = line.find(':');
  Fields fields;
  if (colon == std::string_view::npos || !split(line.substr(colon + 1), ':', false, fields))
    return fail(std::string("fewer than seven fields that end in ':'"));
  auto owner = read_owner(fields);
  if (!owner) return fail(std::move(owner.error()));
  return Assignment{line.front() == '+', std::string(line.substr(1, colon - 1)), *std::move(owner)};
}

std::string encode_owner(const Owner& owner) {
  std::string value = fmt::format("{}:{}:{}:{}:{}:", owner.user, owner.uid, owner.gid, owner.home, owner.dash);
  for (char& c : value)
    if (c == ':') c = '\0';  // no field holds one
  return value + owner.ext;
}

Result<std::optional<Owner>, std::string> decode_owner(const std::string& value, std::string_view rest) {
  Fields fields;
  if (!split(value, '\0', true, fields)) return fail(std::string("a damaged record in users/cdb"));
  auto owner = read_owner(fields);
  if (!owner) return fail("a damaged record in users/cdb: " + owner.error());
  owner->ext += rest;
  return *std::move(owner);
}

}  // namespace

Result<std::vector<Assignment>, AssignError> parse_assign(Octets text) {
  std::vector<Assignment> assignments;
  for (std::size_t line = 1;; ++line) {
    if (text.starts_with('.')) return assignments;
    const std::size_t end = text.find('\n');
    if (end == Octets::npos) return fail(AssignError{line, "the file ends without a line that begins with '.'"});
    auto assignment = read_line(text.substr(0, end));
    if (!assignment) return fail(AssignError{line, std::move(assignment.error())});
    assignments.push_back(*std::move(assignment));
    text.remove_prefix(end + 1);
  }
}

std::vector<KeyValue> encode_assignments(const std::vector<Assignment>& assignments) {
  std::vector<KeyValue> records;
  std::string breaks;
  for (const Assignment& assignment : assignments) {
    std::string key = '!' + ascii_lowered(assignment.address);
    if (!assignment.wildcard)
      key += '\0';
    else if (!assignment.address.empty() && breaks.find(key.back()) == std::string::npos)
      breaks += key.back();
    records.push_back({std::move(key), encode_owner(assignment.owner)});
  }
  records.push_back({"", std::move(breaks)});
  return records;
}

Result<std::optional<Owner>, std::string> find_assigned(std::string_view local_part, const AssignLookup& lookup) {
  std::string key = '!' + ascii_lowered(local_part);
  // A NUL would make the record of another address of this one's wildcard.
  if (key.find('\0') != std::string::npos) return std::nullopt;
  auto exact = lookup(key + '\0');
  if (!exact) return fail(std::move(exact.error()));
  if (*exact) return decode_owner(**exact, {});
  auto breaks = lookup("");
  if (!breaks) return fail(std::move(breaks.error()));
  if (!*breaks) return fail(std::string("users/cdb lacks the record of its wildcards"));
  for (; !key.empty(); key.pop_back()) {
    if (key.size() > 1 && (*breaks)->find(key.back()) == std::string::npos) continue;
    auto found = lookup(key);
    if (!found) return fail(std::move(found.error()));
    if (*found) return decode_owner(**found, local_part.substr(key.size() - 1));
  }
  return std::nullopt;
}

}  // namespace sluice::local
