// qmail-tcpok: forgets that destinations could not be reached. See qmail-tcpok(8).

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/mail/address.h"
#include "system/config/load.h"
#include "system/ipc/control.h"
#include "system/observe/queues.h"
#include "system/os/failure.h"

namespace sluice::qmail_tcpok {

namespace {

using nlohmann::json;

constexpr const char* kName = "qmail-tcpok";
constexpr int kExitUsage = 100, kExitFailure = 111;

// What to ask: once for everything, or once for each destination.
std::vector<json> queries_for(int argc, char** argv) {
  if (argc < 2) return {json{{"what", "forget"}}};
  std::vector<json> queries;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') throw os::Fatal(kExitUsage, "usage: qmail-tcpok [destination ...]");
    queries.push_back({{"what", "forget"}, {"destination", argv[i]}});
  }
  return queries;
}

void print(Octets text) {
  const json lane = json::parse(text, nullptr, false);
  if (!lane.is_object()) return;
  fmt::print("{} {} {}\n", lane.value("queue", "?"), lane.value("channel", "?"),
             mail::printable(lane.value("destination", "?")));
}

int run(int argc, char** argv) {
  const auto queries = queries_for(argc, argv);
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  bool complete = true;
  for (const observe::Queue& queue : observe::queues_of(loaded->settings)) {
    if (observe::is_retired(queue)) continue;
    for (const json& query : queries) {
      const auto asked = ipc::ask(queue.control, query, print);
      if (asked) continue;
      os::say("warn", kName, fmt::format("{}: {}", queue.name, asked.error()));
      complete = false;
      break;
    }
  }
  if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write"));
  return complete ? 0 : kExitFailure;
}

}  // namespace

}  // namespace sluice::qmail_tcpok

int main(int argc, char** argv) { return sluice::os::run_main("qmail-tcpok", sluice::qmail_tcpok::run, argc, argv); }
