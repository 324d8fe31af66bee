// qscheduler: runs the queues of an instance, each through qmail-start, and the SMTP server. See qscheduler(8). With a
// plan in its environment (core/supervise/daemon_plan.h) it is the daemon that a sendmail became: see sendmail(8).

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "announce.h"
#include "before_start.h"
#include "core/supervise/start_options.h"
#include "supervisor.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

supervise::StartOptions options_of(int argc, char** argv) {
  auto options = supervise::parse_start_options({argv + 1, static_cast<std::size_t>(argc - 1)}, "sdcn");
  if (!options)
    throw os::Fatal(100, options.error() + "; usage: qscheduler [-s | -cdn] [defaultdelivery] [logger arg ...]");
  return std::move(*options);
}

config::Reloadable settings_of() {
  const auto environment = config::process_environment();
  auto loaded = config::load({}, environment);
  if (loaded) return {{}, environment, std::move(*loaded)};
  for (const auto& problem : loaded.error()) os::say("fatal", kName, problem.to_text());
  throw os::Fatal(111, "the settings are wrong; nothing was started");
}

layout::Owners owners_of() {
  const auto owners = layout::Owners::find();
  if (!owners) throw os::Fatal(111, owners.error().to_text());
  return *owners;
}

// What tells a running supervisor something must not end one that is just starting: it waits until the loop asks for
// it (Supervisor).
void hold_orders() {
  sigset_t orders;
  sigemptyset(&orders);
  for (const int signo : {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2}) sigaddset(&orders, signo);
  ::pthread_sigmask(SIG_BLOCK, &orders, nullptr);
}

int run(int argc, char** argv) {
  hold_orders();
  auto plan = take_plan();
  const auto options = plan ? supervise::StartOptions{} : options_of(argc, argv);
  auto settings = settings_of();
  Instance instance = instance_of(settings.settings(), options, os::executable_directory());
  if (plan && !plan->listen) instance.smtp_listen.clear();
  const layout::Owners owners = owners_of();
  check_programs(instance);
  make_directories(instance, owners);
  auto lock = lock_instance(instance);
  if (!lock && !plan) {
    constexpr std::string_view kRunning = "alert: cannot start: qscheduler is already running\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kRunning.data(), kRunning.size());
    return 111;
  }
  if (!owners.partitioned()) announce(layout::without_partition());

  Supervisor::Parts parts{instance,
                          owners,
                          std::move(settings),
                          open_listeners(instance),
                          std::move(lock).value_or(os::Fd()),
                          {},
                          ::isatty(STDIN_FILENO) != 0};
  if (parts.lock) parts.control = listen_for_control(instance);
  net::Loop loop;
  if (plan) parts.form = std::make_unique<DaemonForm>(loop, instance, owners, std::move(*plan));
  Supervisor supervisor(loop, std::move(parts));
  supervisor.start();
  loop.run();
  if (auto successor = supervisor.successor()) {
    os::replace_with(*successor);
    successor->directory = "/";  // the one in which the command was given may be gone
    throw os::Fatal(111, os::replace_with(*successor).what);
  }
  return 0;
}

}  // namespace

}  // namespace sluice::supervisor

int main(int argc, char** argv) {
  return sluice::os::run_main(sluice::supervisor::kName, sluice::supervisor::run, argc, argv);
}
