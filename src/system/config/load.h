// Reads the settings of an instance: finds its home, reads etc/sluice.toml, the control files, the environment and what
// the command line gave, and hands all of it to core/settings, where every decision is made.
//
// The home is that of `-O home=DIR`, else of SLUICE_HOME, else /var/lib/sluice. A home or control directory that
// somebody named must exist; the files in them need not.
//
// The daemons of a queue, which QUEUEDIR names, read the control files of that queue too, which count more than those
// for all: concurrencyl.queue1.
//
// A supervisor passes its command line on to its daemons in the variable SLUICE_OPTIONS (see hand_down()), so that
// all programs of an instance see the same settings.
//
// In a set-user-id program the environment comes from somebody else: SLUICE_OPTIONS, CONTROLDIR and QUEUEDIR are then
// ignored, and a home that SLUICE_HOME names must belong to root or to the effective user and be writable for nobody
// else.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/settings/sources.h"
#include "system/os/environment.h"

namespace sluice::config {

using settings::Loaded;
using settings::Problem;
using settings::Settings;
using Problems = std::vector<Problem>;
using Overrides = std::vector<settings::Assigned>;  // of the command line, in its order

// Exit status of a program that refuses its settings: EX_CONFIG of sysexits.h. Programs of the qmail family use 111.
inline constexpr int kExitConfig = 78;

struct Environment {
  os::Environment variables;
  bool trusted = true;  // false in a set-user-id program
};
Environment process_environment();

// "Name=value" as it follows -O.
Result<settings::Assigned, Problem> parse_override(std::string_view text);

// The sources as they are read now; the problems are those of reading. For load() and `sluice config`.
std::pair<settings::Sources, Problems> read_sources(const Overrides& overrides, const Environment& environment);

// The settings, or all that is wrong with them. What each program calls at its start.
Result<Loaded, Problems> load(const Overrides& overrides, const Environment& environment = process_environment());

// All problems, a line each, for standard error or a log: "NAME: etc/sluice.toml:3:1: ...\n".
std::string problem_lines(std::string_view program, const Problems& problems);

// Puts into `environment` what makes the programs started with it see the same settings.
void hand_down(const Overrides& overrides, const Settings& settings, os::Environment& environment);

struct Reloaded {
  std::vector<std::string_view> changed;       // names of settings that have a new value now
  std::vector<std::string_view> need_restart;  // of those whose new value counts only after a restart
};

// Settings that are read again on HUP.
class Reloadable {
 public:
  Reloadable(Overrides overrides, Environment environment, Loaded loaded)
      : overrides_(std::move(overrides)), environment_(std::move(environment)), loaded_(std::move(loaded)) {}
  // On an error the settings stay as they were.
  Result<Reloaded, Problems> reload();
  const Settings& settings() const { return loaded_.settings; }
  const Loaded& loaded() const { return loaded_; }

 private:
  Overrides overrides_;
  Environment environment_;
  Loaded loaded_;
};

}  // namespace sluice::config
