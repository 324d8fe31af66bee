#include "core/settings/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/invariant.h"
#include "core/settings/assignment.h"
#include "core/settings/group_checks.h"
#include "core/settings/value.h"

namespace sluice::settings {
namespace {

constexpr std::uint32_t kLargestSplit = 151;

std::size_t row_of(const Declaration& setting) { return static_cast<std::size_t>(&setting - table().data()); }

// A default that names another setting ({me}) has the value of that one; it stands earlier in the table.
void apply_fallback(const Declaration& setting, const Sources& sources, Settings& settings) {
  const std::string_view fallback = setting.shape.fallback;
  std::string text(fallback);
  if (fallback == "{host}") {
    text = sources.host_name;
  } else if (fallback.starts_with('{')) {
    const Declaration* named = find_by_name(fallback.substr(1, fallback.size() - 2));
    invariant(named != nullptr && named < &setting, "a default names an earlier setting");
    text = value_text(*named, settings);
  }
  if (!is_list(setting)) {
    if (!set_value(setting, text, TimeUnit::kSeconds, settings)) {
      invariant(fallback == "{host}", "defaults are allowed values");
      invariant(set_value(setting, "localhost", TimeUnit::kSeconds, settings).has_value(), "localhost is a host name");
    }
    return;
  }
  clear_list(setting, settings);
  for (const auto& part : split_list(text)) {
    invariant(add_entry(setting, part.text, settings).has_value(), "defaults are allowed values");
  }
}

Problem problem_of(const Assignment& assignment, const Piece& piece, const GrammarError& error) {
  const auto offset = piece.exact ? static_cast<std::uint32_t>(error.at) : 0U;
  return {assignment.where, piece.line, piece.column + offset,
          fmt::format("{}: {}; allowed: {}", assignment.setting->name, error.message, allowed(*assignment.setting))};
}

// For each setting the assignment that counts; null: the default does.
using Chosen = std::vector<const Assignment*>;

Problem place_of(const Assignment& assignment, const Piece& piece, const GroupProblem& problem) {
  const auto offset = piece.exact ? static_cast<std::uint32_t>(problem.at) : 0U;
  return {assignment.where, piece.line, piece.column + offset, fmt::format("{}: {}", problem.setting, problem.what)};
}

// Puts the value in place; false and problems if it is wrong, then `settings` is as it was.
bool apply(const Assignment& assignment, Settings& settings, std::vector<Problem>& problems) {
  const Declaration& setting = *assignment.setting;
  if (!is_list(setting)) {
    const Piece& piece = assignment.pieces.front();
    const auto done = set_value(setting, piece.text, assignment.unit, settings);
    if (!done) problems.push_back(problem_of(assignment, piece, done.error()));
    return done.has_value();
  }
  Settings fresh;  // only the one member is used
  bool good = true;
  for (const auto& piece : assignment.pieces) {
    const auto done = add_entry(setting, piece.text, fresh);
    if (!done) problems.push_back(problem_of(assignment, piece, done.error()));
    good = good && done;
  }
  if (good) std::visit([&](auto member) { settings.*member = std::move(fresh.*member); }, setting.member);
  return good;
}

void resolve_path(const Declaration& setting, Settings& settings) {
  const auto* member = std::get_if<std::string Settings::*>(&setting.member);
  if (member == nullptr || !setting.shape.is_path) return;
  std::string& path = settings.**member;
  if (!path.empty() && !path.starts_with('/')) path = fmt::format("{}/{}", settings.home, path);
}

// What no single value shows.
void check_together(const Loaded& loaded, const Chosen& chosen, std::vector<Problem>& problems) {
  const Settings& s = loaded.settings;
  constexpr std::uint32_t kLastQueue = 1023;  // message ids have ten bits for the number of their queue
  const auto report = [&](std::string_view name, std::string what) {
    const Origin& origin = loaded.origins[row_of(*find_by_name(name))];
    problems.push_back({origin.to_text(), 0, 0, fmt::format("{}: {}", name, what)});
  };
  if (s.queue_start + s.queue_count - 1 > kLastQueue) {
    report("queue_count", fmt::format("queues {} to {} are asked for; the last possible number is {}", s.queue_start,
                                      s.queue_start + s.queue_count - 1, kLastQueue));
  }
  if (s.supervisor_restart_delay > s.supervisor_restart_delay_limit) {
    report("supervisor.restart_delay", "it is longer than supervisor.restart_delay_limit");
  }
  for (const GroupProblem& problem : check_groups(s)) {
    const auto entry = chosen[row_of(*find_by_name(problem.setting))];
    if (entry != nullptr && problem.entry < entry->pieces.size())
      problems.push_back(place_of(*entry, entry->pieces[problem.entry], problem));
    else
      report(problem.setting, problem.what);
  }
}

std::vector<Assignment> read_all(const Sources& sources, std::vector<Problem>& problems) {
  std::vector<Assignment> assignments;  // a later one counts more
  for (const auto& file : sources.files) read_toml(file, assignments, problems);
  for (const auto& file : sources.control) read_control(file, assignments, problems);
  for (const auto& variable : sources.environment) read_environment(variable, assignments);
  for (const auto& given : sources.command_line) read_command_line(given, assignments, problems);
  return assignments;
}

// By source as they are read, then by place. Read and evaluated in different order, they are mended in this one.
void sort_as_read(const Sources& sources, std::vector<Problem>& problems) {
  const auto order = [&](const Problem& problem) {
    std::size_t rank = 0;
    for (const auto* texts : {&sources.files, &sources.control}) {
      for (const auto& text : *texts) {
        if (text.path == problem.where) return rank;
        ++rank;
      }
    }
    return problem.where.starts_with("environment variable ") ? rank : rank + 1;
  };
  std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
    return std::tuple(order(a), a.line, a.column) < std::tuple(order(b), b.line, b.column);
  });
}

}  // namespace

std::string Origin::to_text() const {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kFile:
    case Source::kControl:
      return line == 0 ? name : fmt::format("{}:{}", name, line);
    case Source::kEnvironment:
      return fmt::format("environment variable {}", name);
    case Source::kCommandLine:
      return fmt::format("command line, -O {}", name);
  }
  return {};
}

std::string Problem::to_text() const {
  if (line != 0) return fmt::format("{}:{}:{}: {}", where, line, column, what);
  if (column > 1) return fmt::format("{}, character {}: {}", where, column, what);
  return fmt::format("{}: {}", where, what);
}

Evaluation evaluate(const Sources& sources) {
  Evaluation evaluation;
  auto& [loaded, problems] = evaluation;
  Settings& settings = loaded.settings;
  loaded.origins.resize(table().size());
  const std::vector<Assignment> assignments = read_all(sources, problems);
  Chosen chosen(table().size(), nullptr);
  for (const Declaration& setting : table()) {
    apply_fallback(setting, sources, settings);
    Origin& origin = loaded.origins[row_of(setting)];
    for (const Assignment& assignment : assignments) {
      if (assignment.setting != &setting || !apply(assignment, settings, problems)) continue;
      origin = assignment.origin;
      chosen[row_of(setting)] = &assignment;
    }
    if (setting.name == "home") {
      settings.home = sources.home;  // found before the files were
      origin = sources.home_origin;
    }
    resolve_path(setting, settings);
  }
  settings.bouncelifetime = std::min(settings.bouncelifetime, settings.queuelifetime);  // as qmail-send cuts it
  settings.conf_split = std::min(settings.conf_split, kLargestSplit);                   // as qmail's programs cut it
  settings.lane_initial_window = std::min(settings.lane_initial_window, settings.lane_limit);
  sort_as_read(sources, problems);
  if (problems.empty()) check_together(loaded, chosen, problems);
  return evaluation;
}

Result<Loaded, std::vector<Problem>> load(const Sources& sources) {
  Evaluation evaluation = evaluate(sources);
  if (!evaluation.problems.empty()) return fail(std::move(evaluation.problems));
  return std::move(evaluation.loaded);
}

Settings defaults(std::string home, std::string host_name) {
  return evaluate({.home = std::move(home), .host_name = std::move(host_name)}).loaded.settings;
}

}  // namespace sluice::settings
