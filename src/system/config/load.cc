#include "system/config/load.h"

#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "core/settings/table.h"
#include "core/settings/value.h"
#include "system/config/handed_down.h"
#include "system/config/text_file.h"

namespace sluice::config {
namespace {

using settings::Origin;
using settings::Source;
using settings::Sources;

constexpr std::string_view kOptionsVariable = kHandedDown;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

std::optional<std::string> variable(const Environment& environment, std::string_view name) {
  auto value = environment.variables.find(name);
  return value && !value->empty() ? value : std::nullopt;
}

bool belongs_to_us_alone(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return false;
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return path;
  return result.has_filename() ? result.string() : result.parent_path().string();  // without a slash at the end
}

void find_home(const Environment& environment, Sources& sources, Problems& problems) {
  const settings::Declaration& row = *settings::find_by_name("home");
  std::string home(row.shape.fallback);
  if (const auto value = variable(environment, row.names.environment)) {
    home = *value;
    sources.home_origin = {Source::kEnvironment, std::string(row.names.environment), 0};
    if (!environment.trusted && !belongs_to_us_alone(home)) {
      problems.push_back({fmt::format("environment variable {}", row.names.environment), 0, 0,
                          fmt::format("home: {} must belong to root and be writable for nobody else", home)});
    }
  }
  for (const auto& given : sources.command_line) {
    if (given.name != row.name) continue;
    home = given.value;
    sources.home_origin = {Source::kCommandLine, given.name, 0};
  }
  sources.home = absolute(home);
}

// A directory that somebody named and that is not there is a slip of the pen. False: whether it is there cannot be told
// (this user may not enter one of those above it), so nothing in it can be read.
bool check_directory(std::string_view name, const std::string& path, const Origin& origin, std::string_view hint,
                     Problems& problems) {
  std::error_code error;
  const bool there = std::filesystem::is_directory(path, error);
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
    problems.push_back(
        {origin.to_text(), 0, 0, fmt::format("{}: {} cannot be reached: {}", name, path, error.message())});
    return false;
  }
  if (!there && origin.source != Source::kDefault)
    problems.push_back({origin.to_text(), 0, 0, fmt::format("{}: {} is not a directory{}", name, path, hint)});
  return true;
}

void read_into(const std::string& path, std::vector<settings::Text>& texts, Problems& problems) {
  auto contents = read_text_file(path);
  if (!contents) {
    problems.push_back({path, 0, 0, fmt::format("cannot read this file: {}", contents.error())});
  } else if (*contents) {
    texts.push_back({path, std::move(**contents)});
  }
}

void read_environment(const Environment& environment, Sources& sources) {
  for (const auto& row : settings::table()) {
    const bool ignored = !environment.trusted && row.name == "control_dir";
    if (ignored) continue;
    for (const std::string_view name : {row.names.old_environment, row.names.environment}) {
      if (name.empty()) continue;
      if (auto value = variable(environment, name)) {
        sources.environment.push_back({std::string(name), std::move(*value)});
      }
    }
  }
}

// What hand_down() wrote: an override a line.
void read_options_variable(const Environment& environment, Sources& sources, Problems& problems) {
  if (!environment.trusted) return;
  const std::string lines = variable(environment, kOptionsVariable).value_or("");
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    auto given = parse_override(std::string_view(lines).substr(at, end - at));
    if (given) {
      sources.command_line.push_back(std::move(*given));
    } else {
      given.error().where = fmt::format("environment variable {}", kOptionsVariable);
      problems.push_back(std::move(given.error()));
    }
    at = end + 1;
  }
}

// "queue1" of $QUEUEDIR: set in the daemons of a queue and in what they start. Empty: none.
std::string queue_name(const Environment& environment) {
  const std::string directory = environment.trusted ? variable(environment, "QUEUEDIR").value_or("") : "";
  return directory.substr(directory.find_last_of('/') + 1);
}

void read_control_files(const Environment& environment, Sources& sources, Problems& problems) {
  const auto row = static_cast<std::size_t>(settings::find_by_name("control_dir") - settings::table().data());
  const Loaded so_far = settings::evaluate(sources).loaded;  // its mistakes are found again by whoever uses `sources`
  const std::string& directory = so_far.settings.control_dir;
  if (!check_directory("control_dir", directory, so_far.origins[row], "", problems)) return;
  for (const auto& setting : settings::table()) {
    if (setting.names.control.empty()) continue;
    read_into(fmt::format("{}/{}", directory, setting.names.control), sources.control, problems);
  }
  const std::string queue = queue_name(environment);
  if (queue.empty()) return;
  for (const auto& setting : settings::table()) {
    if (setting.names.queue_control.empty()) continue;
    read_into(fmt::format("{}/{}{}", directory, setting.names.queue_control, queue), sources.control, problems);
  }
}

}  // namespace

Environment process_environment() { return {os::Environment::current(), ::getauxval(AT_SECURE) == 0}; }

Result<settings::Assigned, Problem> parse_override(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return fail(Problem{"command line", 0, 0, fmt::format("-O {}: name=value is expected", text)});
  }
  if (text.find('\n') != text.npos) {
    return fail(Problem{"command line", 0, 0, fmt::format("-O {}: a value is one line", text.substr(0, equals))});
  }
  return settings::Assigned{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::pair<Sources, Problems> read_sources(const Overrides& overrides, const Environment& environment) {
  Sources sources{.host_name = host_name()};
  Problems problems;
  read_options_variable(environment, sources, problems);
  sources.command_line.insert(sources.command_line.end(), overrides.begin(), overrides.end());
  find_home(environment, sources, problems);
  if (!problems.empty()) return {std::move(sources), std::move(problems)};  // do not read what may not be ours
  if (!check_directory("home", sources.home, sources.home_origin, "; sluice init makes an instance", problems))
    return {std::move(sources), std::move(problems)};  // one line, not one for each file
  read_environment(environment, sources);
  read_into(sources.home + "/etc/sluice.toml", sources.files, problems);
  read_control_files(environment, sources, problems);
  return {std::move(sources), std::move(problems)};
}

Result<Loaded, Problems> load(const Overrides& overrides, const Environment& environment) {
  auto [sources, problems] = read_sources(overrides, environment);
  auto evaluation = settings::evaluate(sources);
  problems.insert(problems.end(), evaluation.problems.begin(), evaluation.problems.end());
  if (!problems.empty()) return fail(std::move(problems));
  return std::move(evaluation.loaded);
}

std::string problem_lines(std::string_view program, const Problems& problems) {
  std::string lines;
  for (const auto& problem : problems) lines += fmt::format("{}: {}\n", program, problem.to_text());
  return lines;
}

void hand_down(const Overrides& overrides, const Settings& settings, os::Environment& environment) {
  std::string options;
  for (const auto& given : overrides) {
    if (given.name != "home") options += fmt::format("{}{}={}", options.empty() ? "" : "\n", given.name, given.value);
  }
  environment.set("SLUICE_HOME", settings.home);
  environment.set(kOptionsVariable, options);
}

Result<Reloaded, Problems> Reloadable::reload() {
  auto fresh = load(overrides_, environment_);
  if (!fresh) return fail(std::move(fresh.error()));
  Reloaded report;
  const auto rows = settings::table();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (settings::value_entries(row, fresh->settings) == settings::value_entries(row, loaded_.settings)) continue;
    if (row.change == settings::Change::kReload) {
      report.changed.push_back(row.name);
      continue;
    }
    report.need_restart.push_back(row.name);
    std::visit([&](auto member) { fresh->settings.*member = loaded_.settings.*member; }, row.member);
    fresh->origins[i] = loaded_.origins[i];
  }
  loaded_ = std::move(*fresh);
  return report;
}

}  // namespace sluice::config
