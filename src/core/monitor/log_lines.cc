#include "core/monitor/log_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sluice::monitor {

namespace {

constexpr std::size_t kLongest = 1024;  // octets of a line that anybody will see

// Seconds since 1970 of the time stamp at the front of `line`, which is then removed together with the space behind it.
std::optional<std::int64_t> take_stamp(std::string_view& line) {
  constexpr std::size_t kTai64n = 25;
  constexpr std::uint64_t kEpoch = 0x400000000000000AULL;  // of TAI64, 10 seconds ahead of 1970
  const std::string_view stamp = line.substr(0, line.find(' '));
  if (stamp.size() == line.size()) return std::nullopt;
  std::int64_t seconds = 0;
  if (stamp.size() == kTai64n && stamp[0] == '@') {
    std::uint64_t label = 0;
    const auto [end, error] = std::from_chars(stamp.data() + 1, stamp.data() + 17, label, 16);
    if (error != std::errc{} || end != stamp.data() + 17 || label < kEpoch || label >= 2 * kEpoch) return std::nullopt;
    seconds = static_cast<std::int64_t>(label - kEpoch);
  } else {
    const auto [end, error] = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds);
    if (error != std::errc{} || end == stamp.data() + stamp.size() || *end != '.' || seconds < 0) return std::nullopt;
  }
  line.remove_prefix(stamp.size() + 1);
  return seconds;
}

std::string shown(std::string_view line, std::chrono::minutes utc_offset) {
  std::string text;
  if (const auto stamp = take_stamp(line)) text = clock_text(*stamp, utc_offset) + ' ';
  for (const char c : line.substr(0, kLongest)) text += c < ' ' || c > '~' ? (c == '\t' ? ' ' : '?') : c;
  return text;
}

}  // namespace

std::string clock_text(std::int64_t seconds, std::chrono::minutes utc_offset) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t second = ((seconds % kDay + utc_offset.count() * 60) % kDay + kDay) % kDay;
  return fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
}

std::vector<std::string> last_lines(Octets octets, bool cut, std::size_t most, std::chrono::minutes utc_offset) {
  std::vector<std::string> lines;
  std::size_t end = octets.rfind('\n');
  while (end != octets.npos && lines.size() < most) {
    const std::size_t before = end == 0 ? octets.npos : octets.rfind('\n', end - 1);
    if (before == octets.npos && cut) break;
    const std::size_t start = before == octets.npos ? 0 : before + 1;
    lines.push_back(shown(octets.substr(start, end - start), utc_offset));
    end = before;
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::monitor
