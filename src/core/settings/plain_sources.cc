// Reads control files, environment variables and command lines.
#include <fmt/format.h>

#include <algorithm>

#include "core/settings/assignment.h"
#include "core/settings/sendmail_options.h"
#include "core/settings/value.h"

namespace sluice::settings {
namespace {

// The pieces of a text that stands on one line of a source without line numbers.
std::vector<Piece> pieces_of(const Declaration& setting, const std::string& text) {
  if (!is_list(setting)) return {Piece{.text = text, .column = 1}};
  std::vector<Piece> pieces;
  if (setting.shape.whole_entries) {
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find(';', start), text.size());
      const Part part = trimmed({std::string_view(text).substr(start, end - start), start});
      if (!part.text.empty()) pieces.push_back({std::string(part.text), 0, static_cast<std::uint32_t>(part.at + 1)});
      start = end + 1;
    }
    return pieces;
  }
  for (const auto& part : split_list(text)) {
    pieces.push_back({.text = std::string(part.text), .column = static_cast<std::uint32_t>(part.at + 1)});
  }
  return pieces;
}

const Declaration* find_control(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const auto& row : table()) {
    if (!row.names.control.empty() && row.names.control == name) return &row;
    if (!row.names.queue_control.empty() && name.starts_with(row.names.queue_control)) return &row;
  }
  return nullptr;
}

}  // namespace

// A list: an entry a line, lines that begin with # and empty ones are skipped. One value: the first such line, as qmail
// reads it; what follows is ignored, unless the setting is one of lines.
void read_control(const Text& file, std::vector<Assignment>& assignments, std::vector<Problem>& problems) {
  const Declaration* setting = find_control(file.path);
  if (setting == nullptr) return;
  Assignment assignment{
      .setting = setting, .origin = {Source::kControl, file.path, 0}, .where = file.path, .pieces = {}};
  std::uint32_t line = 0;
  for (std::size_t start = 0; start < file.contents.size();) {
    const std::size_t end = std::min(file.contents.find('\n', start), file.contents.size());
    const Part part = trimmed({std::string_view(file.contents).substr(start, end - start), 0});
    ++line;
    start = end + 1;
    if (part.text.empty() || part.text.front() == '#') continue;
    if (setting->shape.has_lines && !assignment.pieces.empty()) {
      assignment.pieces.back().text.append("\n").append(part.text);
      continue;
    }
    assignment.pieces.push_back({std::string(part.text), line, static_cast<std::uint32_t>(part.at + 1)});
    if (!is_list(*setting) && !setting->shape.has_lines) break;
  }
  if (!is_list(*setting)) {
    if (assignment.pieces.empty()) {
      if (!setting->shape.may_be_empty) {
        return problems.push_back(
            {file.path, 0, 0,
             fmt::format("{}: the file holds no value; allowed: {}", setting->name, allowed(*setting))});
      }
      assignment.pieces.push_back({"", 1, 1});
    }
    assignment.origin.line = assignment.pieces.front().line;
  }
  assignments.push_back(std::move(assignment));
}

void read_environment(const Assigned& variable, std::vector<Assignment>& assignments) {
  if (variable.value.empty()) return;
  for (const auto& row : table()) {
    if (row.names.environment != variable.name && row.names.old_environment != variable.name) continue;
    assignments.push_back({.setting = &row,
                           .origin = {Source::kEnvironment, variable.name, 0},
                           .where = fmt::format("environment variable {}", variable.name),
                           .pieces = pieces_of(row, variable.value)});
  }
}

// -O: the name of a setting, of a control file, or one of sendmail's, which may stand for several settings or for none.
void read_command_line(const Assigned& given, std::vector<Assignment>& assignments, std::vector<Problem>& problems) {
  const std::string where = fmt::format("command line, -O {}", given.name);
  const auto assign = [&](const Declaration& setting, const std::string& value, TimeUnit unit) {
    assignments.push_back({.setting = &setting,
                           .origin = {Source::kCommandLine, given.name, 0},
                           .where = where,
                           .pieces = pieces_of(setting, value),
                           .unit = unit});
  };
  const auto report = [&](const GrammarError& error) {
    problems.push_back({where, 0, static_cast<std::uint32_t>(error.at + 1), error.message});
  };
  if (const TranslatedOption* option = find_translated(given.name)) {
    const auto meant = option->translate(given.value);
    if (!meant) return report(meant.error());
    for (const auto& [name, value] : *meant) assign(*find_by_name(name), value, option->unit);
    return;
  }
  if (const IgnoredOption* option = find_ignored(given.name)) {
    if (const auto wrong = check_ignored(*option, given.value)) report(*wrong);
    return;
  }
  const Declaration* setting = find_by_option(given.name);
  if (setting == nullptr) {
    const auto nearest = nearest_name(given.name);
    return problems.push_back({where, 0, 0,
                               fmt::format("there is no setting \"{}\"{}", given.name,
                                           nearest ? fmt::format("; did you mean {}?", *nearest) : "")});
  }
  if (setting->shape.whole_entries) {
    const auto before = std::find_if(assignments.begin(), assignments.end(), [&](const Assignment& one) {
      return one.setting == setting && one.origin.source == Source::kCommandLine;
    });
    if (before != assignments.end()) {
      for (Piece& piece : pieces_of(*setting, given.value)) before->pieces.push_back(std::move(piece));
      return;
    }
  }
  const bool as_sendmail = given.name != setting->name && given.name != setting->names.control;
  assign(*setting, given.value, as_sendmail ? setting->names.option_unit : TimeUnit::kSeconds);
}

}  // namespace sluice::settings
