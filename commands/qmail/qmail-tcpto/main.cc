// qmail-tcpto: which destinations are being left alone. See qmail-tcpto(8).

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "destinations.h"
#include "system/config/load.h"
#include "system/ipc/control.h"
#include "system/observe/queues.h"
#include "system/os/failure.h"

namespace sluice::qmail_tcpto {

namespace {

using nlohmann::json;

constexpr const char* kName = "qmail-tcpto";
constexpr int kExitUsage = 100, kExitFailure = 111;

// A lane as qmail-send shows it; those that are well have no back-off.
void add(Destinations& destinations, const std::string& queue, const json& lane) {
  if (!lane.contains("backoff_until")) return;
  destinations.add(queue, lane.value("channel", "?"), lane.value("destination", "?"),
                   {.failures = lane.value("failures", std::uint64_t{0}),
                    .since = lane.value("backoff_since", std::int64_t{0}),
                    .next = lane.value("backoff_until", std::int64_t{0}),
                    .jobs = lane.value("jobs", std::uint64_t{0})});
}

int run(int argc, char**) {
  if (argc > 1) throw os::Fatal(kExitUsage, "takes no arguments; usage: qmail-tcpto");
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  Destinations destinations;
  bool complete = true;
  for (const observe::Queue& queue : observe::queues_of(loaded->settings)) {
    if (observe::is_retired(queue)) continue;
    const auto asked = ipc::ask(queue.control, {{"what", "lanes"}}, [&](Octets text) {
      const json lane = json::parse(text, nullptr, false);
      if (lane.is_object()) add(destinations, queue.name, lane);
    });
    if (asked) continue;
    os::say("warn", kName, fmt::format("{}: {}", queue.name, asked.error()));
    complete = false;
  }
  fmt::print("{}", destinations.text(std::time(nullptr)));
  if (std::fflush(stdout) != 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write"));
  return complete ? 0 : kExitFailure;
}

}  // namespace

}  // namespace sluice::qmail_tcpto

int main(int argc, char** argv) { return sluice::os::run_main("qmail-tcpto", sluice::qmail_tcpto::run, argc, argv); }
