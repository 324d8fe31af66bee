#include "core/monitor/screen_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::monitor {

std::string count_text(std::uint64_t count) {
  if (count < 1'000'000) return std::to_string(count);
  constexpr char kLetters[] = {'M', 'G', 'T', 'P', 'E'};
  double value = static_cast<double>(count) / 1e6;
  std::size_t letter = 0;
  for (; value >= 999.95; value /= 1000) ++letter;
  return fmt::format("{:.1f}{}", value, kLetters[letter]);
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{}/{}", count_text(part), count_text(whole));
}

std::string rate_text(double a_second) {
  if (a_second < 99.95) return fmt::format("{:.1f}", a_second);
  if (a_second < 99'999.5) return fmt::format("{:.0f}", a_second);
  if (a_second < 99'999'500) return fmt::format("{:.0f}k", a_second / 1e3);
  return fmt::format("{:.0f}M", a_second / 1e6);
}

std::string bar_text(std::uint64_t part, std::uint64_t whole, std::size_t width) {
  const double filled = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  const auto marks = std::min(width, static_cast<std::size_t>(std::min(filled, 1.0) * static_cast<double>(width)));
  return '[' + std::string(marks, '#') + std::string(width - marks, '.') + ']';
}

std::string fitted(std::string_view text, std::size_t width, bool to_the_right) {
  std::string out(text.substr(0, width));
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c < ' ' || c > '~' ? '?' : c; });
  if (text.size() > width && width > 0) out.back() = '~';
  out.insert(to_the_right ? 0 : out.size(), width - out.size(), ' ');
  return out;
}

}  // namespace sluice::monitor
