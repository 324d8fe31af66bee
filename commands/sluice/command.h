// What the subcommands of `sluice` share. Each lives in a file of its own and offers one function add_NAME(), which
// registers it; main.cc calls them all. A subcommand's callback does its work and leaves its exit status in
// Invocation::status; what it has to say about an error goes to standard error as "sluice: ...".
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "system/config/load.h"

namespace sluice::commands {

// Exit statuses (sysexits.h); 78, EX_CONFIG, is config::kExitConfig.
inline constexpr int kExitUsage = 64;
inline constexpr int kExitCannotCreate = 73;
inline constexpr int kExitIo = 74;

struct Invocation {
  std::vector<std::string> options;  // what followed each -O
  std::string home;                  // what followed --home, or empty
  int status = 0;

  // The command line as settings. Nothing, with a message and status 64, if an -O is not name=value.
  std::optional<config::Overrides> overrides();
  // The settings of the instance. Nothing, with every problem on standard error and status 78, if they are wrong.
  std::optional<config::Loaded> load();
  // Says "sluice: TEXT" on standard error and keeps the status.
  void fail(int exit_status, const std::string& text);
};

void add_config(CLI::App& app, Invocation& invocation);
void add_init(CLI::App& app, Invocation& invocation);
void add_journal(CLI::App& app, Invocation& invocation);
void add_queue(CLI::App& app, Invocation& invocation);
void add_run(CLI::App& app, Invocation& invocation);
void add_setup(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);

}  // namespace sluice::commands
