// Reads etc/sluice.toml. The only file that knows toml++.
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "core/settings/assignment.h"
#include "core/settings/group_tables.h"

namespace sluice::settings {
namespace {

class TomlReader {
 public:
  TomlReader(const Text& file, std::vector<Assignment>& assignments, std::vector<Problem>& problems)
      : file_(file), assignments_(assignments), problems_(problems) {}

  void read_all(const toml::table& root) {
    read(root, "");
    if (groups_.empty()) return;
    const auto list = std::find_if(assignments_.begin(), assignments_.end(), [&](const Assignment& one) {
      return one.setting == groups_setting_ && one.where == file_.path;
    });
    if (list == assignments_.end())
      assignments_.push_back({groups_setting_, groups_origin_, file_.path, std::move(groups_), TimeUnit::kSeconds});
    else
      list->pieces.insert(list->pieces.end(), groups_.begin(), groups_.end());
  }

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (name == kGroups) {
        read_groups(key, node);
      } else if (const Declaration* setting = find_by_name(name)) {
        read_setting(*setting, key, node);
      } else if (const auto* group = node.as_table(); group != nullptr && is_group(name)) {
        read(*group, name + ".");
      } else {
        report(key.source(), unknown(name));
      }
    }
  }

 private:
  static constexpr std::string_view kGroups = "group";  // of queues: [group.NAME]

  // They are entries of queuegroups, behind those that the file lists under that name.
  void read_groups(const toml::key& key, const toml::node& node) {
    const auto* groups = node.as_table();
    if (groups == nullptr) return report(key.source(), "group: tables [group.NAME] are expected");
    const Declaration* const setting = find_by_name("queuegroups");
    for (const auto& [name, value] : *groups) {
      const auto* table = value.as_table();
      if (table == nullptr) {
        report(name.source(), fmt::format("group.{}: a table is expected", name.str()));
        continue;
      }
      if (auto piece = piece_of(group_table(name, *table), file_.path, problems_)) groups_.push_back(std::move(*piece));
    }
    // A table has no order of its own, but groups are numbered as they are written.
    std::stable_sort(groups_.begin(), groups_.end(), [](const Piece& a, const Piece& b) { return a.line < b.line; });
    groups_origin_ = {Source::kFile, file_.path, key.source().begin.line};
    groups_setting_ = setting;
  }

  GroupTable group_table(const toml::key& name, const toml::table& table) {
    GroupTable group{std::string(name.str()), name.source().begin.line, name.source().begin.column, {}};
    for (const auto& [key, node] : table) {
      if (group_field_of(key.str()) == 0) {
        report(key.source(),
               fmt::format("group.{}: there is no \"{}\"; allowed: {}", name.str(), key.str(), group_keys()));
        continue;
      }
      if (const auto* entries = node.as_array())
        for (const auto& entry : *entries) add_value(group, key, entry);
      else
        add_value(group, key, node);
    }
    return group;
  }

  void add_value(GroupTable& group, const toml::key& key, const toml::node& node) {
    const auto place = node.source().begin;
    GroupValue value{std::string(key.str()), {}, place.line, place.column};
    if (const auto* text = node.as_string())
      value.text = text->get();
    else if (const auto* number = node.as_integer())
      value.text = fmt::format("{}", number->get());
    else
      return report(node.source(), fmt::format("group.{}: {}: a text or a number is expected", group.name, value.key));
    group.values.push_back(std::move(value));
  }

  static bool is_group(const std::string& name) {
    const auto rows = table();
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.name.starts_with(name + "."); });
  }

  static std::string unknown(const std::string& name) {
    const auto nearest = nearest_name(name);
    return fmt::format("there is no setting \"{}\"{}", name,
                       nearest ? fmt::format("; did you mean {}?", *nearest) : "");
  }

  void read_setting(const Declaration& setting, const toml::key& key, const toml::node& node) {
    if (!setting.shape.in_files) {
      return report(key.source(), fmt::format("{} is taken from the command line or the environment variable {} only",
                                              setting.name, setting.names.environment));
    }
    Assignment assignment{
        .setting = &setting, .origin = {Source::kFile, file_.path, key.source().begin.line}, .where = file_.path};
    if (!is_list(setting)) {
      if (!take(setting, node, assignment)) return;
    } else if (const auto* entries = node.as_array()) {
      bool good = true;
      for (const auto& entry : *entries) good = take(setting, entry, assignment) && good;
      if (!good) return;
    } else {
      return report_type(setting, node);
    }
    assignments_.push_back(std::move(assignment));
  }

  // Adds the text of a scalar, or of an entry of a list, if it is of a TOML type that fits.
  bool take(const Declaration& setting, const toml::node& node, Assignment& assignment) {
    const auto begin = node.source().begin;
    Piece piece{.text = {}, .line = begin.line, .column = begin.column};
    const bool is_number = std::holds_alternative<std::uint32_t Settings::*>(setting.member);
    const bool is_quantity = std::holds_alternative<std::chrono::seconds Settings::*>(setting.member) ||
                             std::holds_alternative<std::uint64_t Settings::*>(setting.member);
    const bool is_boolean = std::holds_alternative<bool Settings::*>(setting.member);
    if (const auto* text = node.as_string(); text != nullptr && !is_number && !is_boolean) {
      piece.text = text->get();
      // Without escapes the text stands in the file as it is, one column behind the opening quote.
      const auto end = node.source().end;
      piece.exact = begin.line == end.line && end.column - begin.column == piece.text.size() + 2;
      if (piece.exact) ++piece.column;
    } else if (const auto* number = node.as_integer(); number != nullptr && (is_number || is_quantity)) {
      piece.text = fmt::format("{}", number->get());
      piece.exact = false;
    } else if (const auto* boolean = node.as_boolean(); boolean != nullptr && is_boolean) {
      piece.text = boolean->get() ? "true" : "false";
    } else {
      report_type(setting, node);
      return false;
    }
    assignment.pieces.push_back(std::move(piece));
    return true;
  }

  void report_type(const Declaration& setting, const toml::node& node) {
    const bool text = std::holds_alternative<std::string Settings::*>(setting.member) ||
                      std::holds_alternative<BareNewline Settings::*>(setting.member);
    const std::string_view hint = is_list(setting) ? " as an array of strings in brackets" : text ? " in quotes" : "";
    report(node.source(),
           fmt::format("{}: this has the wrong type; allowed: {}{}", setting.name, allowed(setting), hint));
  }

  void report(const toml::source_region& place, std::string what) {
    problems_.push_back({file_.path, place.begin.line, place.begin.column, std::move(what)});
  }

  const Text& file_;
  std::vector<Assignment>& assignments_;
  std::vector<Problem>& problems_;
  std::vector<Piece> groups_;
  Origin groups_origin_;
  const Declaration* groups_setting_ = nullptr;
};

// toml++ begins some messages with its own words; what matters is what was found.
std::string plain(std::string_view description) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  if (!description.starts_with(kPrefix)) return std::string(description);
  return fmt::format("not valid TOML: {}", description.substr(kPrefix.size()));
}

}  // namespace

void read_toml(const Text& file, std::vector<Assignment>& assignments, std::vector<Problem>& problems) {
  try {
    const toml::table root = toml::parse(file.contents);
    TomlReader(file, assignments, problems).read_all(root);
  } catch (const toml::parse_error& error) {
    const auto place = error.source().begin;
    problems.push_back({file.path, place.line, place.column, plain(error.description())});
  }
}

}  // namespace sluice::settings
