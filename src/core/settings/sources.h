// The five sources of settings and how they become Settings: command line before environment before control files
// before etc/sluice.toml before defaults. Pure: the texts come in as values, system/config reads them.
//
// Every mistake in every source is found and reported, also in values that another source overrides: a file with a
// mistake is a file somebody has yet to mend.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/settings/settings.h"

namespace sluice::settings {

struct Text {
  std::string path;  // as it shall be shown
  std::string contents;
};

struct Assigned {
  std::string name, value;
};

struct Sources {
  std::string home{};  // absolute
  Origin home_origin{};
  std::string host_name{};               // of the machine
  std::vector<Assigned> command_line{};  // -O name=value, in order: the last one counts
  std::vector<Assigned> environment{};   // variables of the table that are set; an empty one counts as not set
  // Control files of the table that exist, those of one queue behind those for all; the name is the last part of the
  // path.
  std::vector<Text> control{};
  std::vector<Text> files{};  // etc/sluice.toml, if it exists
};

struct Loaded {
  Settings settings;
  std::vector<Origin> origins;  // in the order of table()
};

struct Evaluation {
  Loaded loaded;                  // with the value of the next source, or the default, wherever one was wrong
  std::vector<Problem> problems;  // in the order of the sources and of the lines in them
};
Evaluation evaluate(const Sources& sources);

// The settings, or everything that is wrong.
Result<Loaded, std::vector<Problem>> load(const Sources& sources);

// All defaults, for a host of this name with its home there.
Settings defaults(std::string home, std::string host_name);

}  // namespace sluice::settings
