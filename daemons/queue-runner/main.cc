// sluice-queue-runner: a persistent queue runner of a daemon that was started with sendmail -qp. See
// sluice-queue-runner(8).

#include <fmt/format.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>
#include <sstream>

#include "queue_runner.h"
#include "system/config/load.h"
#include "system/os/failure.h"

namespace sluice::queue_runner {

namespace {

constexpr const char* kName = "sluice-queue-runner";

supervise::DaemonPlan plan_of_environment() {
  const char* const json = std::getenv(supervise::kDaemonPlan);
  if (json == nullptr) throw os::Fatal(64, "started by sendmail -qp only");
  auto plan = supervise::decode_daemon_plan(json);
  if (!plan) throw os::Fatal(64, plan.error());
  return std::move(*plan);
}

settings::Settings settings_of_instance() {
  auto loaded = config::load({});
  if (loaded) return std::move(loaded->settings);
  for (const auto& problem : loaded.error()) os::say("fatal", kName, problem.to_text());
  throw os::Fatal(config::kExitConfig, "the settings are wrong");
}

// The runs of the groups that this runner serves.
std::vector<supervise::GroupRun> own_runs(std::vector<supervise::GroupRun> runs) {
  const char* const names = std::getenv(supervise::kRunnerGroups);
  std::istringstream words(names == nullptr ? "" : names);
  std::vector<supervise::GroupRun> own;
  for (std::string name; words >> name;)
    for (auto& run : runs)
      if (run.group == name) own.push_back(std::move(run));
  if (own.empty()) throw os::Fatal(64, fmt::format("{} names no group of queues", supervise::kRunnerGroups));
  return own;
}

int run(int, char**) {
  ::prctl(PR_SET_NAME, "sendmail");
  const auto plan = plan_of_environment();
  const auto settings = settings_of_instance();
  const auto groups = supervise::queue_groups_of(settings);
  const auto runs = own_runs(supervise::group_runs(plan, groups, supervise::run_defaults_of(settings),
                                                   fmt::format("{}", fmt::join(plan.command, " "))));
  // Nothing is lost when a runner ends, so TERM ends it like any other signal, and its daemon can tell a stranger's
  // signal from an end of its own.
  std::signal(SIGINT, SIG_IGN);

  net::Loop loop;
  QueueRunner runner(loop, settings.run_dir, groups, runs);
  runner.start();
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::queue_runner

int main(int argc, char** argv) {
  return sluice::os::run_main(sluice::queue_runner::kName, sluice::queue_runner::run, argc, argv);
}
