#include "core/settings/group_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/route/queue_groups.h"

namespace sluice::settings {
namespace {

struct Key {
  std::string_view name;
  char field;
};
constexpr std::array kKeys{Key{"path", 'P'},    Key{"flags", 'F'}, Key{"nice", 'N'},  Key{"interval", 'I'},
                           Key{"runners", 'R'}, Key{"jobs", 'J'},  Key{"order", 'S'}, Key{"recipients", 'r'},
                           Key{"queues", 'q'},  Key{"first", 's'}, Key{"retry", 'm'}};

}  // namespace

char group_field_of(std::string_view key) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [key](const Key& one) { return one.name == key; });
  return found == kKeys.end() ? '\0' : found->field;
}

std::string group_keys() {
  std::string text;
  for (const Key& key : kKeys) text += fmt::format("{}{}", text.empty() ? "" : ", ", key.name);
  return text;
}

std::optional<Piece> piece_of(const GroupTable& table, const std::string& where, std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  const auto report = [&](std::uint32_t line, std::uint32_t column, std::string what) {
    problems.push_back({where, line, column, fmt::format("group.{}: {}", table.name, what)});
  };
  Piece piece{.text = table.name, .line = table.line, .column = table.column, .exact = false};
  if (const auto named = route::parse_group(table.name); !named) report(table.line, table.column, named.error());
  for (const GroupValue& value : table.values) {
    // Each by itself, so that a mistake is told where it is.
    if (value.text.find_first_of(",\n") != value.text.npos) {
      report(value.line, value.column, fmt::format("{}: a comma or a line feed", value.key));
      continue;
    }
    const std::string field = fmt::format(", {}={}", group_field_of(value.key), value.text);
    if (const auto parsed = route::parse_group("group" + field); !parsed)
      report(value.line, value.column, fmt::format("{}: {}", value.key, parsed.error()));
    piece.text += field;
  }
  if (problems.size() != before) return std::nullopt;
  return piece;
}

}  // namespace sluice::settings
