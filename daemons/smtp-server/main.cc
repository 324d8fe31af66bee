// sluice-smtpd: takes mail by SMTP and hands it to the intakes of the queues. See sluice-smtpd(8).
//
// Runs under an unprivileged user, opens no file but its settings, starts no program, and talks to nobody but its
// clients, the intakes and, for ETRN, the control sockets of the queues.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>

#include "core/route/queue_groups.h"
#include "listeners.h"
#include "server.h"
#include "system/config/load.h"
#include "system/ipc/offered_queues.h"
#include "system/observe/queues.h"
#include "system/os/clock.h"
#include "system/os/failure.h"

namespace sluice::smtp_server {

namespace {

constexpr const char* kName = "sluice-smtpd";
constexpr Duration kGroupsAreFresh{1'000};

config::Overrides overrides_of(int argc, char** argv) {
  constexpr const char* kUsage = "usage: sluice-smtpd [-O name=value]...";
  config::Overrides overrides;
  ::opterr = 0;  // its own messages do not name long options
  for (int at = ::optind, option = 0; (option = ::getopt(argc, argv, "+:O:")) != -1; at = ::optind) {
    if (option == ':') throw os::Fatal(EX_USAGE, fmt::format("a value is missing behind {}; {}", argv[at], kUsage));
    if (option != 'O') throw os::Fatal(EX_USAGE, fmt::format("unknown option {}; {}", argv[at], kUsage));
    auto given = config::parse_override(optarg);
    if (!given) throw os::Fatal(EX_USAGE, given.error().to_text());
    overrides.push_back(std::move(*given));
  }
  if (::optind != argc) throw os::Fatal(EX_USAGE, kUsage);
  return overrides;
}

// A connection needs one descriptor; the rest is for listeners, links, standard streams and files of settings.
void make_room_for_descriptors(const Rules& rules) {
  constexpr rlim_t kOthers = 64;
  const rlim_t wanted = rules.admission.total + kOthers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted)
    os::say("warn", kName,
            fmt::format("the system allows {} descriptors, smtp.max_connections needs {}", limit.rlim_cur, wanted));
}

std::vector<ipc::Submitter::Offer> offers_of(const settings::Settings& settings, const groups::Groups& groups) {
  std::vector<ipc::Submitter::Offer> offers;
  for (const auto& [group, queue] : ipc::offers_of_groups(settings, groups))
    offers.push_back({ipc::intake_of(settings, queue.number), queue.state, group});
  return offers;
}

bool is_same_group(std::string_view one, std::string_view other) {
  return ascii_equal_ignore_case(one, other) || (route::is_default_group(one) && route::is_default_group(other));
}

// Whom a client's ETRN reaches.
EtrnRuns::Queues queues_of(const settings::Settings& settings) {
  const auto of_group = [&settings](const std::string& group) {
    std::vector<EtrnRuns::Queue> queues;
    for (const observe::Queue& queue : observe::queues_of(settings))
      if (group.empty() || is_same_group(group, queue.group))
        queues.push_back({queue.name, queue.control, queue.expected});
    return queues;
  };
  // Looked up at most once a second, however often clients ask.
  const auto has_group = [&settings, groups = std::vector<std::string>(),
                          looked = std::optional<MonoTime>()](const std::string& group) mutable {
    if (route::is_default_group(group)) return true;
    if (const MonoTime now = os::mono_now(); !looked || now - *looked >= kGroupsAreFresh) {
      looked = now;
      groups.clear();
      for (const observe::Queue& queue : observe::queues_of(settings)) groups.push_back(queue.group);
    }
    return std::any_of(groups.begin(), groups.end(), [&](const auto& each) { return is_same_group(group, each); });
  };
  return {.has_group = has_group, .of_group = of_group};
}

void reload(config::Reloadable& settings, groups::Groups& groups, Server& server, Log& log) {
  const auto reloaded = settings.reload();
  if (!reloaded) {
    for (const config::Problem& problem : reloaded.error()) log.warn(problem.to_text());
    return log.warn("the settings have mistakes: the old ones stay in force");
  }
  auto rules = make_rules(settings.settings());
  if (!rules) return log.warn(fmt::format("{}: the old rules stay in force", route::to_string(rules.error())));
  server.set_rules(std::move(*rules));
  groups = groups::Groups(settings.settings());
  log.info(fmt::format("settings read again, {} changed", reloaded->changed.size()));
  for (const std::string_view name : reloaded->need_restart)
    log.info(fmt::format("{} changes only with a restart", name));
}

int run(int argc, char** argv) {
  const config::Overrides overrides = overrides_of(argc, argv);
  auto loaded = config::load(overrides);
  if (!loaded) {
    std::fputs(config::problem_lines(kName, loaded.error()).c_str(), stderr);
    return config::kExitConfig;
  }
  config::Reloadable settings(overrides, config::process_environment(), std::move(*loaded));
  const auto rules = make_rules(settings.settings());
  if (!rules) throw os::Fatal(EX_CONFIG, route::to_string(rules.error()));

  make_room_for_descriptors(**rules);

  net::Loop loop;
  Log log(loop, STDOUT_FILENO, STDERR_FILENO);
  groups::Groups groups(settings.settings());
  Server server(
      loop, log, *rules, [&] { return offers_of(settings.settings(), groups); },
      [&groups](const mail::Envelope& envelope) {
        return groups.choose(envelope.recipients, [](const mail::Recipient& one) -> Octets { return one.address; });
      },
      queues_of(settings.settings()));
  loop.on_signals({SIGTERM, SIGINT, SIGHUP}, [&](int signo) {
    if (signo == SIGHUP) return reload(settings, groups, server, log);
    server.stop();
  });
  server.listen(open_listeners(settings.settings().smtp_listen));
  loop.run();
  log.flush();
  return EX_OK;
}

}  // namespace

}  // namespace sluice::smtp_server

int main(int argc, char** argv) { return sluice::os::run_main("sluice-smtpd", sluice::smtp_server::run, argc, argv); }
