// sluice: the command for people who run an instance.
#include <fmt/format.h>

#include <cstdio>

#include "command.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{"Sluice, a mail transfer agent built around its queue", "sluice"};
  sluice::commands::Invocation invocation;
  app.set_version_flag("--version", fmt::format("sluice {}", SLUICE_VERSION));
  app.add_option("--home", invocation.home, "The directory of the instance (else $SLUICE_HOME)")->type_name("DIR");
  app.add_option("-O", invocation.options, "Sets a setting for this command; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.require_subcommand(1);
  app.fallthrough();  // --home and -O may follow the subcommand

  sluice::commands::add_config(app, invocation);
  sluice::commands::add_init(app, invocation);
  sluice::commands::add_journal(app, invocation);
  sluice::commands::add_queue(app, invocation);
  sluice::commands::add_run(app, invocation);
  sluice::commands::add_setup(app, invocation);
  sluice::commands::add_status(app, invocation);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    // With a subcommand that does not exist CLI11 complains of none.
    const auto extra = app.remaining();
    const bool unknown = app.get_subcommands().empty() && !extra.empty();
    fmt::print(stderr, "sluice: {}\nsluice --help lists what there is\n",
               unknown ? fmt::format("there is no subcommand \"{}\"", extra.front()) : error.what());
    return sluice::commands::kExitUsage;
  }
  if (std::fflush(stdout) != 0 && invocation.status == 0) {
    invocation.fail(sluice::commands::kExitIo, "cannot write to standard output");
  }
  return invocation.status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "sluice: {}\n", error.what());
    return sluice::commands::kExitIo;
  }
}
