// qmail-clean: see README.md and qmail-clean(8).
#include <csignal>

#include "clean.h"
#include "core/link/descriptors.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "system/store/file_store.h"

namespace sluice::clean {

namespace {

int run(int argc, char** argv) {
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);  // qmail-send says when to end
  const config::QueueDaemon daemon = config::queue_daemon("qmail-clean", argc, argv);
  net::Loop loop;
  Clean clean(loop, store::open_body_remover(daemon.directory, {.split = daemon.settings.settings().conf_split}),
              daemon.directory, os::Fd(link::kToScheduler));
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::clean

int main(int argc, char** argv) { return sluice::os::run_main("qmail-clean", sluice::clean::run, argc, argv); }
