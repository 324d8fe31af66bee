#include "core/settings/document.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/settings/sendmail_options.h"
#include "core/settings/value.h"

namespace sluice::settings {
namespace {

constexpr std::size_t kWidth = 100;  // columns of generated text

std::string_view change_text(Change change) {
  switch (change) {
    case Change::kReload:
      return "reload";
    case Change::kRestart:
      return "restart";
  }
  return {};
}

// Rows with the same section, one call a section.
template <class Visit>
void each_section(Visit visit) {
  const auto rows = table();
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first;
    while (end < rows.size() && rows[end].section == rows[first].section) ++end;
    visit(rows.subspan(first, end - first));
    first = end;
  }
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string other_names(const Declaration& row, std::string_view before, std::string_view after) {
  std::string text;
  const auto add = [&](std::string_view kind, std::string_view name) {
    if (!name.empty()) text += fmt::format("{}{} {}{}{}", text.empty() ? "" : ", ", kind, before, name, after);
  };
  add("environment", row.names.environment);
  add("environment", row.names.old_environment);
  add("control file", row.names.control);
  add("control file of a queue",
      row.names.queue_control.empty() ? "" : fmt::format("{}QUEUE", row.names.queue_control));
  add("sendmail option", row.names.option);
  return text;
}

std::string default_or_none(const Declaration& row) {
  const std::string text = fallback_text(row);
  return text.empty() ? "none" : text;
}

// --- Markdown ---

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

std::string markdown_setting(const Declaration& row) {
  std::string text = fmt::format("### {}\n\n", code(row.name));
  std::string body(row.sentence);
  if (!row.manual.empty()) body += fmt::format(" {}", row.manual);
  for (const auto& line : wrapped(body, kWidth)) text += line + "\n";
  text += fmt::format("\n- type: {}; allowed: {}\n", type_name(row), allowed(row));
  text += fmt::format("- default: {}\n", default_or_none(row));
  if (const std::string names = other_names(row, "`", "`"); !names.empty()) text += fmt::format("- also: {}\n", names);
  text += fmt::format("- a change needs: {}\n\n", change_text(row.change));
  return text;
}

std::string markdown_option(std::string_view name, std::string_view sentence) {
  std::string text;
  for (const auto& line : wrapped(fmt::format("{}: {}", code(name), sentence), kWidth - 2))
    text += fmt::format("{}{}\n", text.empty() ? "- " : "  ", line);
  return text;
}

constexpr std::string_view kMarkdownHead = R"(# Settings

This page is made from the table in `src/core/settings/settings.def` by `sluice config --markdown`.

A setting has its value from the first of these sources that names it:

1. the command line: `-O name=value`, with the name used here, sendmail's name or that of the control file;
2. the environment variable; an empty one counts as not set;
3. the control file in `etc/control/`;
4. `etc/sluice.toml`;
5. the default.

`sluice config` shows every value and where it comes from, `sluice config --check` every mistake.

**Durations** are groups of digits and a unit, `w d h m s`, that add up: `5d12h`. A bare number counts seconds; under a
name of sendmail's it counts minutes, days for `Timeout.queuereturn` and hours for `Timeout.queuewarn`. **Sizes** are octets, or take `k`, `M` or `G`
(1024, 1024², 1024³). **Lists** are arrays of strings in TOML, one entry a line in control files, where empty lines and
lines that begin with `#` do not count, and separated by commas or blanks on the command line and in the environment.
Control files of other settings hold the value in their first line. Relative paths begin at the home directory.

A setting `group.key` stands in `etc/sluice.toml` as `key` below `[group]`. Names that are not listed here are refused,
as is every value that is not allowed: then no program starts, and at a reload the old settings stay.

)";

// --- Manual page ---

std::string roff(std::string_view text) {
  std::string escaped = replaced(replaced(std::string(text), "\\", "\\e"), "-", "\\-");
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string manual_setting(const Declaration& row) {
  std::string text = fmt::format(".TP\n.B {}\n", roff(row.name));
  std::string body(row.sentence);
  if (!row.manual.empty()) body += fmt::format(" {}", row.manual);
  for (const auto& line : wrapped(body, kWidth)) text += roff(line) + "\n";
  std::string facts = fmt::format("Allowed: {}. Default: {}.", allowed(row), default_or_none(row));
  if (const std::string names = other_names(row, "", ""); !names.empty()) facts += fmt::format(" Also: {}.", names);
  facts += fmt::format(" A change needs a {}.", change_text(row.change));
  text += ".br\n";
  for (const auto& line : wrapped(facts, kWidth)) text += roff(line) + "\n";
  return text;
}

std::string manual_option(std::string_view name, std::string_view sentence) {
  std::string text = fmt::format(".TP\n.B {}\n", roff(name));
  for (const auto& line : wrapped(sentence, kWidth)) text += roff(line) + "\n";
  return text;
}

constexpr std::string_view kManualHead = R"(.\" Made from src/core/settings/settings.def by `sluice config --man`.
.TH SLUICE.TOML 5 "" "Sluice" "File formats"
.SH NAME
sluice.toml \- settings of a Sluice instance
.SH SYNOPSIS
.I HOME/etc/sluice.toml
.br
.I HOME/etc/control/*
.SH DESCRIPTION
A setting has its value from the first of these sources that names it: the command line
.RB ( \-O
.IR name = value ),
the environment, the control file in
.IR etc/control ,
.IR etc/sluice.toml ,
the default.
.BR sluice\-config (1)
shows every value and where it comes from.
.PP
.I sluice.toml
is a TOML file. A setting
.I group.key
stands there as
.I key
below
.RI [ group ].
Names that are not listed here are refused, as is every value that is not allowed: then no program
starts, and at a reload the old settings stay.
.PP
Durations are groups of digits and a unit (w d h m s) that add up: 5d12h. A bare number counts
seconds; under a name of sendmail's it counts minutes, days for Timeout.queuereturn and hours for
Timeout.queuewarn.
Sizes are octets, or take k, M or G (powers of 1024).
Lists are arrays of strings in TOML, one entry a line in control files, where empty lines and lines
that begin with # do not count, and separated by commas or blanks on the command line and in the
environment. Control files of other settings hold the value in their first line.
An empty environment variable counts as not set. Relative paths begin at HOME.
)";

constexpr std::string_view kManualTail = R"(.SH FILES
.TP
.I HOME/etc/sluice.toml
Made by
.BR sluice\-init (1)
with every setting commented out.
.TP
.I HOME/etc/control/
Control files, by the names that qmail gave them.
.SH SEE ALSO
.BR sluice\-config (1),
.BR sluice\-init (1)
)";

// --- Sample file ---

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", replaced(replaced(std::string(text), "\\", "\\\\"), "\"", "\\\""));
}

struct TomlValue {
  const Declaration& setting;
  const Settings& settings;
  std::string bare() const { return value_text(setting, settings); }
  std::string operator()(bool Settings::*) const { return bare(); }
  std::string operator()(std::uint32_t Settings::*) const { return bare(); }
  template <class T>
  std::string operator()(T Settings::*) const {
    return quoted(bare());
  }
  template <class T>
  std::string operator()(std::vector<T> Settings::*) const {
    std::string text;
    for (const auto& entry : value_entries(setting, settings)) text += (text.empty() ? "" : ", ") + quoted(entry);
    return fmt::format("[{}]", text);
  }
};

std::string sample_setting(const Declaration& row, const Settings& settings, bool chosen) {
  std::string text;
  for (const auto& line : wrapped(row.sentence, kWidth - 2)) text += fmt::format("# {}\n", line);
  const auto key = row.name.substr(row.name.rfind('.') + 1);
  text += fmt::format("{}{} = {}\n\n", chosen ? "" : "#", key, std::visit(TomlValue{row, settings}, row.member));
  return text;
}

}  // namespace

std::string markdown_page() {
  std::string page(kMarkdownHead);
  each_section([&](std::span<const Declaration> rows) {
    page += fmt::format("## {}\n\n", rows.front().section);
    for (const auto& row : rows) page += markdown_setting(row);
  });
  page += "## Options of sendmail's that are no settings\n\nThey are given as `-O Name=value`.\n\n";
  for (const auto& option : translated_options()) page += markdown_option(option.name, option.sentence);
  page += "\n## Options of sendmail's without effect\n\nThey are taken, and change nothing.\n\n";
  for (const auto& option : options_without_effect()) page += markdown_option(option.name, option.why);
  return page;
}

std::string manual_page() {
  std::string page(kManualHead);
  each_section([&](std::span<const Declaration> rows) {
    page += fmt::format(".SH \"{}\"\n", roff(rows.front().section));
    for (const auto& row : rows) page += manual_setting(row);
  });
  page += ".SH \"Options of sendmail's that are no settings\"\nThey are given as \\-O Name=value.\n";
  for (const auto& option : translated_options()) page += manual_option(option.name, option.sentence);
  page += ".SH \"Options of sendmail's without effect\"\nThey are taken, and change nothing.\n";
  for (const auto& option : options_without_effect()) page += manual_option(option.name, option.why);
  page += kManualTail;
  return page;
}

std::string sample_file(const Settings& settings, std::span<const std::string_view> chosen) {
  std::string page =
      "# Settings of this Sluice instance. Each line that is commented out shows the value that counts without it.\n"
      "# `sluice config` lists all values and where they come from; sluice.toml(5) says more about each.\n\n";
  std::string_view group;
  each_section([&](std::span<const Declaration> rows) {
    page += fmt::format("# --- {} ---\n\n", rows.front().section);
    for (const auto& row : rows) {
      if (!row.shape.in_files) continue;
      const auto dot = row.name.find('.');
      if (dot != row.name.npos && group != row.name.substr(0, dot)) {
        group = row.name.substr(0, dot);
        page += fmt::format("[{}]\n\n", group);
      }
      page += sample_setting(row, settings, std::find(chosen.begin(), chosen.end(), row.name) != chosen.end());
    }
  });
  page.pop_back();
  return page;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.emplace_back(word);
    } else {
      lines.back() += ' ';
      lines.back() += word;
    }
    at = end + 1;
  }
  return lines;
}

}  // namespace sluice::settings
