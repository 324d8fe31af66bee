// qmail-lspawn: see README.md and qmail-lspawn(8).
#include <csignal>

#include "core/link/descriptors.h"
#include "local_delivery.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "system/store/file_store.h"

namespace sluice::local_delivery {

namespace {

int run(int argc, char** argv) {
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);  // qmail-send says when to end
  if (argc < 2) throw os::Fatal(100, "usage: qmail-lspawn defaultdelivery [queue]");
  const config::QueueDaemon daemon = config::queue_daemon("qmail-lspawn", argc, argv);
  const auto& settings = daemon.settings.settings();
  net::Loop loop;
  LocalDelivery delivery(loop, store::open_body_reader(daemon.directory, {.split = settings.conf_split}),
                         {argv[1], settings.me, daemon.directory, settings.conf_split}, os::Fd(link::kToScheduler));
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::local_delivery

int main(int argc, char** argv) {
  return sluice::os::run_main("qmail-lspawn", sluice::local_delivery::run, argc, argv);
}
