#include "system/maildir/unique_name.h"

#include <fmt/format.h>

namespace sluice::maildir {

namespace {

// 255 octets is the limit of a file name; the numbers before and the size behind take at most 130 of them.
constexpr std::size_t kLongestHost = 120;

std::string_view encoded(char c, std::string_view& place) {
  if (c == '/') return "\\057";
  if (c == ':') return "\\072";
  return c > ' ' && c <= '~' ? place.substr(0, 1) : "_";
}

}  // namespace

std::string unique_name(const NameParts& parts) {
  std::string host;
  for (std::string_view rest = parts.host; !rest.empty(); rest.remove_prefix(1)) {
    const std::string_view piece = encoded(rest.front(), rest);
    if (host.size() + piece.size() > kLongestHost) break;
    host += piece;
  }
  if (host.empty()) host = "localhost";
  return fmt::format("{}.M{}P{}Q{}.{}", parts.seconds, parts.microseconds, parts.pid, parts.sequence, host);
}

}  // namespace sluice::maildir
