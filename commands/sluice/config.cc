// sluice config: shows the settings and where each comes from, checks them, and makes the pages about them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "core/settings/document.h"
#include "core/settings/sendmail_options.h"
#include "core/settings/table.h"
#include "core/settings/value.h"

namespace sluice::commands {
namespace {

using settings::Declaration;
using settings::Settings;

constexpr std::size_t kWidth = 100;        // columns of the terminal that the listing is made for
constexpr std::size_t kEntriesShown = 10;  // of a long list
constexpr std::size_t kNameWidth = 34;
constexpr std::size_t kOriginWidth = 26;

struct Arguments {
  std::string name;
  bool json = false, check = false, value = false, markdown = false, man = false;
};

std::string indented(std::string_view text) {
  std::string lines;
  for (const auto& line : settings::wrapped(text, kWidth - 4)) lines += fmt::format("    {}\n", line);
  return lines;
}

// The origin without the home directory, which is the same for all of them.
std::string short_origin(const settings::Origin& origin, const Settings& settings) {
  std::string text = origin.source == settings::Source::kEnvironment   ? "$" + origin.name
                     : origin.source == settings::Source::kCommandLine ? "-O " + origin.name
                                                                       : origin.to_text();
  if (text.starts_with(settings.home + "/")) text.erase(0, settings.home.size() + 1);
  return text;
}

std::string listing_of(const Declaration& row, const config::Loaded& loaded, std::size_t i) {
  auto values = settings::value_entries(row, loaded.settings);
  if (values.size() > kEntriesShown) {
    const std::size_t more = values.size() - kEntriesShown;
    values.resize(kEntriesShown);
    values.push_back(fmt::format("and {} more: sluice config --value {}", more, row.name));
  }
  if (values.empty() || (values.size() == 1 && values.front().empty())) values = {"(none)"};
  std::string text = fmt::format("{:<{}}{:<{}} {}\n", row.name, kNameWidth,
                                 short_origin(loaded.origins[i], loaded.settings), kOriginWidth, values.front());
  for (std::size_t v = 1; v < values.size(); ++v) {
    text += fmt::format("{:<{}}{}\n", "", kNameWidth + kOriginWidth + 1, values[v]);
  }
  return text + indented(row.sentence);
}

struct JsonValue {
  const Declaration& row;
  const Settings& settings;
  nlohmann::json operator()(bool Settings::*member) const { return settings.*member; }
  nlohmann::json operator()(std::uint32_t Settings::*member) const { return settings.*member; }
  nlohmann::json operator()(std::uint64_t Settings::*member) const { return settings.*member; }
  nlohmann::json operator()(std::chrono::seconds Settings::*member) const { return (settings.*member).count(); }
  template <class T>
  nlohmann::json operator()(T Settings::*) const {
    return settings::value_text(row, settings);
  }
  template <class T>
  nlohmann::json operator()(std::vector<T> Settings::*) const {
    return settings::value_entries(row, settings);
  }
};

std::string_view source_name(settings::Source source) {
  switch (source) {
    case settings::Source::kDefault:
      return "default";
    case settings::Source::kFile:
      return "file";
    case settings::Source::kControl:
      return "control";
    case settings::Source::kEnvironment:
      return "environment";
    case settings::Source::kCommandLine:
      return "command line";
  }
  return {};
}

// Durations are seconds and sizes are octets in "value", as written in "text".
nlohmann::ordered_json json_of(const Declaration& row, const config::Loaded& loaded, std::size_t i) {
  const settings::Origin& origin = loaded.origins[i];
  nlohmann::ordered_json json_origin{{"source", source_name(origin.source)}};
  if (!origin.name.empty()) json_origin["name"] = origin.name;
  if (origin.line != 0) json_origin["line"] = origin.line;
  nlohmann::ordered_json json{{"name", row.name},
                              {"value", std::visit(JsonValue{row, loaded.settings}, row.member)},
                              {"text", settings::value_text(row, loaded.settings)},
                              {"origin", json_origin},
                              {"type", settings::type_name(row)},
                              {"default", settings::fallback_text(row)},
                              {"change", row.change == settings::Change::kReload ? "reload" : "restart"},
                              {"sentence", row.sentence}};
  const auto add_name = [&](const char* key, std::string_view name) {
    if (!name.empty()) json[key] = name;
  };
  add_name("environment", row.names.environment);
  add_name("old_environment", row.names.old_environment);
  add_name("control", row.names.control);
  add_name("option", row.names.option);
  return json;
}

void print_json(const nlohmann::ordered_json& json) {
  // Addresses may hold octets that are not UTF-8; JSON cannot.
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void list_all(const config::Loaded& loaded, bool json) {
  const auto rows = settings::table();
  if (json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(json_of(rows[i], loaded, i));
    nlohmann::ordered_json ignored = nlohmann::ordered_json::array();
    for (const auto& option : settings::options_without_effect())
      ignored.push_back({{"option", option.name}, {"why", option.why}});
    return print_json({{"home", loaded.settings.home}, {"settings", all}, {"without_effect", ignored}});
  }
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || rows[i].section != rows[i - 1].section) {
      text += fmt::format("{}--- {} ---\n", i == 0 ? "" : "\n", rows[i].section);
    }
    text += listing_of(rows[i], loaded, i);
  }
  text += "\n--- Options of sendmail's without effect ---\n";
  for (const auto& option : settings::options_without_effect())
    text += fmt::format("{:<{}}without effect\n{}", option.name, kNameWidth, indented(option.why));
  fmt::print("{}", text);
}

// What a name of sendmail's means that is no setting.
bool explain_option(const std::string& name) {
  if (const auto* option = settings::find_translated(name)) {
    fmt::print("{:<{}}option of sendmail's\n{}", option->name, kNameWidth, indented(option->sentence));
    return true;
  }
  if (const auto* option = settings::find_ignored(name)) {
    fmt::print("{:<{}}without effect\n{}", option->name, kNameWidth, indented(option->why));
    return true;
  }
  return false;
}

void show_one(const Declaration& row, const config::Loaded& loaded, const Arguments& arguments) {
  const auto i = static_cast<std::size_t>(&row - settings::table().data());
  if (arguments.json) return print_json(json_of(row, loaded, i));
  if (arguments.value) {
    for (const auto& entry : settings::value_entries(row, loaded.settings)) fmt::print("{}\n", entry);
    return;
  }
  std::string text = listing_of(row, loaded, i);
  if (!row.manual.empty()) text += indented(row.manual);
  const std::string fallback = settings::fallback_text(row);
  text += indented(fmt::format("Allowed: {}.", settings::allowed(row)));
  text += indented(fmt::format("Default: {}.", fallback.empty() ? "none" : fallback));
  const auto add_name = [&](std::string_view kind, std::string_view name) {
    if (!name.empty()) text += indented(fmt::format("{}: {}.", kind, name));
  };
  add_name("Environment variable", row.names.environment);
  add_name("Older environment variable", row.names.old_environment);
  add_name("Control file", row.names.control);
  add_name("Option of sendmail", row.names.option);
  text += indented(fmt::format("A change needs a {}.", row.change == settings::Change::kReload ? "reload" : "restart"));
  fmt::print("{}", text);
}

void run(const Arguments& arguments, Invocation& invocation) {
  if (arguments.markdown) return fmt::print("{}", settings::markdown_page());
  if (arguments.man) return fmt::print("{}", settings::manual_page());
  const Declaration* row = nullptr;
  if (!arguments.name.empty()) {
    if (!arguments.json && !arguments.value && explain_option(arguments.name)) return;
    row = settings::find_by_option(arguments.name);
    if (row == nullptr) {
      const auto nearest = settings::nearest_name(arguments.name);
      return invocation.fail(kExitUsage,
                             fmt::format("there is no setting \"{}\"{}", arguments.name,
                                         nearest ? fmt::format("; did you mean {}?", *nearest) : std::string()));
    }
  } else if (arguments.value) {
    return invocation.fail(kExitUsage, "--value needs the name of a setting");
  }
  const auto loaded = invocation.load();
  if (!loaded || arguments.check) return;
  row != nullptr ? show_one(*row, *loaded, arguments) : list_all(*loaded, arguments.json);
}

}  // namespace

void add_config(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("config", "Show every setting, its value and where it comes from");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("NAME", arguments->name, "Show this setting only")->type_name("");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->add_flag("--value", arguments->value, "Print the bare value of NAME, one entry a line");
  command->add_flag("--check", arguments->check, "Print nothing but problems; exit status 78 if there are any");
  command->add_flag("--markdown", arguments->markdown, "Print docs/settings.md");
  command->add_flag("--man", arguments->man, "Print the manual page sluice.toml(5)");
  command->callback([arguments, &invocation] { run(*arguments, invocation); });
}

}  // namespace sluice::commands
