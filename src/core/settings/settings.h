// The settings of an instance as plain, already checked values. The struct, its documentation and its parser all come
// from the one table in settings.def, so a member exists exactly if the setting does; look there for what each means.
//
// Owned by the program's main, which hands each part the few values that it needs; nobody keeps a reference to
// Settings.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/settings/network.h"

namespace sluice::settings {

enum class BareNewline : std::uint8_t { kRefuse, kNormalize };

// Made by load() or defaults() only: a value-initialised Settings has every number zero.
struct Settings {
#define SECTION(title)
#define SETTING(type, member, ...) type member{};
#include "core/settings/settings.def"
#undef SETTING
#undef SECTION
  friend bool operator==(const Settings&, const Settings&) = default;
};

enum class Source : std::uint8_t { kDefault, kFile, kControl, kEnvironment, kCommandLine };  // ascending precedence

struct Origin {
  Source source = Source::kDefault;
  std::string name;        // path of the file, name of the variable, what was given to -O; empty for a default
  std::uint32_t line = 0;  // of a file, from 1; 0 elsewhere
  std::string to_text() const;
  friend bool operator==(const Origin&, const Origin&) = default;
};

// Why settings are refused: one per mistake.
struct Problem {
  std::string where;         // path, or "environment variable QUEUE_COUNT", or "command line, -O queue_count"
  std::uint32_t line = 0;    // from 1; 0: not a file, or all of it
  std::uint32_t column = 0;  // from 1; 0: no single place
  std::string what;
  std::string to_text() const;  // "etc/sluice.toml:3:17: queuelifetime: ..."
  friend bool operator==(const Problem&, const Problem&) = default;
};

}  // namespace sluice::settings
