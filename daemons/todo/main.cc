// todo-proc: see README.md and todo-proc(8).
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "core/link/descriptors.h"
#include "core/queue/layout.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "todo.h"

namespace sluice::todo {

namespace {

constexpr const char* kName = "todo-proc";

Result<route::Router, route::RouteError> router_of(const config::Settings& settings) {
  return route::Router::build({.locals = settings.locals,
                               .virtualdomains = settings.virtualdomains,
                               .percenthack = settings.percenthack,
                               .envnoathost = settings.envnoathost,
                               .lmtproutes = settings.lmtproutes});
}

TodoDoor::Mode mode_of(const config::QueueDaemon& daemon) {
  if (daemon.has('c')) return TodoDoor::Mode::kCompatible;
  return daemon.has('d') ? TodoDoor::Mode::kDynamic : TodoDoor::Mode::kStatic;
}

TodoDoor::Place place_of(const config::QueueDaemon& daemon) {
  const config::Settings& settings = daemon.settings.settings();
  return {daemon.directory, std::min<unsigned>(settings.conf_split, queue::kMaximumSplit),
          link::ipc_name(settings.ipc_prefix, daemon.name)};
}

int run(int argc, char** argv) {
  std::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is for the supervisor
  config::QueueDaemon daemon = config::queue_daemon(kName, argc, argv, "sdc");
  auto router = router_of(daemon.settings.settings());
  if (!router) throw os::Fatal(111, route::to_string(router.error()));
  net::Loop loop;
  Todo todo(
      loop, std::move(*router),
      [&daemon]() -> std::optional<route::Router> {
        if (!config::reread(kName, daemon.settings)) return std::nullopt;
        auto fresh = router_of(daemon.settings.settings());
        return fresh ? std::optional(std::move(*fresh)) : std::nullopt;
      },
      mode_of(daemon), place_of(daemon), os::Fd(link::kToScheduler), os::Fd(link::kTodoIntake));
  loop.on_signals({SIGTERM, SIGHUP}, [&](int signo) {
    os::say("alert", kName,
            fmt::format("pid {} got {}: {}", ::getpid(), signo == SIGTERM ? "TERM" : "HUP", daemon.name));
    if (signo == SIGHUP) return todo.reload();
    loop.stop();  // qmail-send sees the link end, and what it does not have is announced again
  });
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::todo

int main(int argc, char** argv) { return sluice::os::run_main("todo-proc", sluice::todo::run, argc, argv); }
