// Where the file store keeps things below a queue's directory (docs/formats.md): one place for every path, so that the
// roles agree. Also the words of its troubles.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "system/store/store.h"

namespace sluice::store {

inline constexpr unsigned kSegmentMode = 0640;  // the spawners read bodies through the group
inline constexpr unsigned kBodyMode = 0640;
inline constexpr unsigned kStateMode = 0600;

inline Trouble trouble(const std::string& what, int error) {
  return {error, fmt::format("{}: {}", what, std::strerror(error))};
}

inline std::string journal_directory(const std::string& queue) { return queue + "/journal"; }
inline std::string state_directory(const std::string& queue) { return queue + "/state"; }
inline std::string segment_name(std::uint64_t first) { return fmt::format("{:016x}.seg", first); }
inline std::string segment_path(const std::string& queue, std::uint64_t first) {
  return journal_directory(queue) + '/' + segment_name(first);
}
inline std::string body_directory(const std::string& queue, std::uint64_t inode, unsigned split) {
  return fmt::format("{}/mess/{}", queue, inode % (split == 0 ? 1 : split));
}
inline std::string body_path(const std::string& queue, std::uint64_t inode, unsigned split) {
  return fmt::format("{}/{}", body_directory(queue, inode, split), inode);
}

// The number in a name like "000000000000a000.seg"; nullopt for any other name.
inline std::optional<std::uint64_t> parse_name(std::string_view name, std::string_view suffix, int base,
                                               std::size_t digits = 0) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  if (name.empty() || (digits != 0 && name.size() != digits)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, base);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}
inline std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  return parse_name(name, ".seg", 16, 16);
}

}  // namespace sluice::store
