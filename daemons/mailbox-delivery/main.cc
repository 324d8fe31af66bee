// qmail-local: see README.md and qmail-local(8).
#include <string_view>

#include "by_hand.h"
#include "system/os/failure.h"
#include "worker.h"

namespace {

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--worker") return sluice::mailbox_delivery::run_worker();
  return sluice::mailbox_delivery::run_by_hand(argc, argv);
}

}  // namespace

int main(int argc, char** argv) { return sluice::os::run_main("qmail-local", run, argc, argv); }
