// sendmail: takes a message from another program and queues it. Also called mailq and newaliases. See sendmail(8).
//
// Neither set-user-id nor set-group-id: what it does, whoever calls could do. The door to the queue is
// system/submission.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/bytes.h"
#include "core/settings/sendmail_options.h"
#include "core/settings/table.h"
#include "daemon.h"
#include "system/config/load.h"
#include "system/groups/groups.h"
#include "system/os/process.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

// Settings that are about one message or one look at the queue, or that only say less than the instance's would.
constexpr std::array<std::string_view, 10> kHarmless{"home",          "me",
                                                     "defaulthost",   "defaultdomain",
                                                     "plusdomain",    "idhost",
                                                     "delivery_mode", "queue_run.order",
                                                     "super_safe",    "queue_run.most"};

// `name` as it stood behind -O.
bool is_harmless(std::string_view name) {
  if (settings::find_ignored(name) != nullptr || ascii_equal_ignore_case(name, "PrivacyOptions")) return true;
  const settings::Declaration* setting = settings::find_by_option(name);
  return setting != nullptr && std::find(kHarmless.begin(), kHarmless.end(), setting->name) != kHarmless.end();
}

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

bool owns(const std::string& directory) {
  struct stat status {};
  return ::getuid() == 0 || (::stat(directory.c_str(), &status) == 0 && status.st_uid == ::getuid());
}

// What is neither of a message nor harmless is for those whose instance it is.
std::optional<std::string> forbidden_setting(const Options& options, const std::string& home) {
  for (const Given& given : options.settings)
    if (!is_harmless(given.name) && !owns(home)) return given.name;
  return std::nullopt;
}

// A queue directory that the command line names is there already: a typing error must not make one. Why it is not.
std::optional<std::string> missing_queue(const Work& work) {
  constexpr std::array kOfAQueue{Mode::kListQueue, Mode::kCountQueue, Mode::kRunQueue, Mode::kHold, Mode::kDaemon};
  if (std::find(kOfAQueue.begin(), kOfAQueue.end(), work.options.mode) == kOfAQueue.end()) return std::nullopt;
  const bool named = std::any_of(work.given.begin(), work.given.end(),
                                 [](const SettingGiven& given) { return given.setting == "queue_base"; });
  if (!named) return std::nullopt;
  const std::string base = groups::base_directory(work.settings);
  std::error_code error;
  if (std::filesystem::is_directory(base, error)) return std::nullopt;
  return fmt::format("queue directory {}: {}", base, error ? error.message() : "not a directory");
}

int run(int argc, char** argv) {
  os::occupy_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const std::string program = argc > 0 ? base_name(argv[0]) : "sendmail";
  auto options = parse(argc, argv);
  if (!options) return complain(program, options.error()), EX_USAGE;

  config::Overrides overrides;
  for (const Given& given : options->settings) overrides.push_back({given.name, given.value});
  const config::Environment environment = config::process_environment();
  auto loaded = config::load(overrides, environment);
  if (!loaded) return std::fputs(config::problem_lines(program, loaded.error()).c_str(), stderr), EX_CONFIG;
  if (const auto name = forbidden_setting(*options, loaded->settings.home))
    return complain(program, fmt::format("only root and the owner of the instance may set {}", *name)), EX_USAGE;

  Work work;
  work.program = program;
  work.options = std::move(*options);
  work.settings = std::move(loaded->settings);
  for (std::size_t i = 0; i < loaded->origins.size(); ++i)
    if (loaded->origins[i].source == settings::Source::kCommandLine)
      work.given.push_back({settings::table()[i].name, loaded->origins[i].name});
  if (const auto why = missing_queue(work)) return work.fail(EX_CONFIG, *why);
  work.overrides = std::move(overrides);
  work.names = submission::names_of(work.settings);
  work.doors = submission::doors_of(work.settings, environment.variables, true);
  work.caller = submission::originator();
  auto own_address = submission::address_of(work.caller, work.names);
  if (!own_address) return complain(program, own_address.error()), EX_OSERR;
  work.own_address = std::move(*own_address);
  switch (work.options.mode) {
    case Mode::kDeliver:
      return deliver(work);
    case Mode::kSmtp:
      return serve_smtp(work);
    case Mode::kVerify:
      return verify(work);
    case Mode::kListQueue:
      return list_queue(work);
    case Mode::kRebuildAliases:
      return rebuild_aliases(work);
    case Mode::kDaemon:
      return become_daemon(work, {argc, argv, *loaded});
    case Mode::kCountQueue:
      return count_queue(work);
    case Mode::kRunQueue:
      return run_queue(work);
    case Mode::kHold:
      return hold(work);
  }
  return EX_SOFTWARE;
}

}  // namespace

}  // namespace sluice::sendmail

int main(int argc, char** argv) {
  try {
    return sluice::sendmail::run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "sendmail: out of memory\n");
    return EX_OSERR;
  } catch (const std::exception& error) {
    fmt::print(stderr, "sendmail: {}\n", error.what());
    return EX_SOFTWARE;
  }
}
