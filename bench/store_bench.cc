// What accepting mail costs: batches of 4 KiB messages appended to a journal, each batch durable. Items are messages.
// Uses the current directory, so that the disk can be chosen: cd /var/spool && .../store_bench
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "core/queue/image.h"
#include "system/store/file_store.h"

namespace {

using namespace sluice;

void append(benchmark::State& state) {
  std::string directory = std::filesystem::current_path().string() + "/store-bench-XXXXXX";
  if (!::mkdtemp(directory.data())) return state.SkipWithError("mkdtemp");
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::string envelope(80, 'e'), body(4096, 'b');
  {
    auto writer = store::open_body_writer(directory, 1);
    if (!writer) return state.SkipWithError(writer.error().what.c_str());
    std::vector<store::NewBody> batch(count);
    for (store::NewBody& each : batch) each.envelope = envelope, each.body = body;
    for (auto _ : state) {
      if (!(*writer)->append(batch, wall_from_millis(1767225601000))) return state.SkipWithError("append");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(append)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

void state_records(benchmark::State& state) {
  queue::Admitted admitted;
  admitted.envelope.sender = "sender12@example.org";
  admitted.routed.push_back({queue::Channel::kRemote, {"rcpt1000@example.net", 0, ""}});
  queue::Image image;
  std::string record;
  std::uint64_t id = 0;
  const auto apply = [&](const auto& fact) {
    record.clear();
    queue::encode_state(record, fact);
    image.apply(record);
  };
  for (auto _ : state) {
    admitted.id = queue::MessageId{++id};
    apply(admitted);
    apply(queue::Settled{admitted.id, 0, mail::Verdict::kDelivered, ""});
    apply(queue::Finished{admitted.id});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(state_records);

}  // namespace
