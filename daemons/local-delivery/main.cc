// qmail-lspawn: see README.md and qmail-lspawn(8).
#include <csignal>

#include "core/link/descriptors.h"
#include "local_delivery.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "system/store/file_store.h"

namespace sluice::local_delivery {

namespace {

os::Program worker_program() {
  os::Program program;
  program.path = os::executable_directory() + "/qmail-local";
  program.arguments = {"qmail-local", "--worker"};
  program.environment = os::Environment::current();
  program.directory = "/";
  program.file_mask = 077;
  return program;
}

int run(int argc, char** argv) {
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);  // qmail-send says when to end
  if (argc < 2) throw os::Fatal(100, "usage: qmail-lspawn defaultdelivery [queue]");
  const config::QueueDaemon daemon = config::queue_daemon("qmail-lspawn", argc, argv);
  const auto& settings = daemon.settings.settings();
  net::Loop loop;
  LetterBodies bodies(store::open_body_reader(daemon.directory, {.split = settings.conf_split}), daemon.directory,
                      settings.conf_split);
  link::WorkerSetup setup;
  setup.host = settings.me;
  setup.aliases = settings.alias_database;
  setup.program_limit = settings.local_program_timeout;
  setup.slow_deliveries = settings.local_programs_per_user;
  setup.hop_limit = settings.smtp_max_hops;
  LocalDelivery delivery(loop, OwnerSearch(owner::places_of(settings, argv[1])),
                         {loop, bodies, argv[1], setup, worker_program()},
                         {settings.local_workers, settings.local_worker_idle_time}, os::Fd(link::kToScheduler));
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::local_delivery

int main(int argc, char** argv) {
  return sluice::os::run_main("qmail-lspawn", sluice::local_delivery::run, argc, argv);
}
