// The scheduler's own cost: accept, plan and settle of one message, with and without a million others that sleep.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/schedule/limit_table.h"
#include "core/schedule/scheduler.h"

namespace {

using namespace sluice;
using namespace sluice::schedule;
using namespace std::chrono_literals;

const std::uint32_t kRecipient = 0;

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> destinations;
  for (std::size_t i = 0; i < count; ++i) destinations.push_back("destination-" + std::to_string(i) + ".example");
  return destinations;
}

void fill_sleeping(Scheduler& scheduler, std::size_t count, const std::vector<std::string>& destinations) {
  for (std::size_t i = 1; i <= count; ++i) {
    const NewJob job{{Channel::kRemote, destinations[i % destinations.size()]},
                     {&kRecipient, 1},
                     1,
                     MonoTime{1h + Duration(i * 7919 % 100'000'000)}};
    scheduler.accept({queue::MessageId(i), MonoTime{}, false, "bulk"}, {&job, 1}, MonoTime{});
  }
}

struct NoPeers final : LimitPeers {
  void ring(unsigned, SharedLimits::Row) override {}
  void bury() override {}
  void full() override {}
};

// range(0): sleeping messages; range(1): destinations; range(2): queues that share their limits, 0: a queue that shares
// none. Messages come in batches of 64.
void accept_plan_settle(benchmark::State& state) {
  Policy policy;
  policy.of(Channel::kRemote).limit = 500;
  policy.of(Channel::kRemote).window.limit = 500;
  const auto table = LimitTable::in_memory(1);
  NoPeers peers;
  std::vector<std::unique_ptr<LimitColumn>> queues;
  for (unsigned queue = 0; queue < static_cast<unsigned>(state.range(2)); ++queue)
    queues.push_back(std::make_unique<LimitColumn>(*table, queue, queue, peers));
  Scheduler scheduler(policy, queues.empty() ? nullptr : queues.front().get());
  const auto destinations = names(static_cast<std::size_t>(state.range(1)));
  fill_sleeping(scheduler, static_cast<std::size_t>(state.range(0)), destinations);
  std::uint64_t id = 1u << 30;
  MonoTime now{1s};
  std::vector<AttemptId> running;
  const mail::Verdict delivered = mail::Verdict::kDelivered;
  for (auto _ : state) {
    for (int i = 0; i < 64; ++i) {
      ++id;
      const NewJob job{{Channel::kRemote, destinations[id % destinations.size()]}, {&kRecipient, 1}, 0, {}};
      scheduler.accept({queue::MessageId(id), now, false, "customer.example"}, {&job, 1}, now);
    }
    for (;;) {
      const Plan& plan = scheduler.plan(now);
      if (plan.starts.empty()) break;
      running.clear();
      for (const Start& start : plan.starts) running.push_back(start.attempt);
      for (const AttemptId attempt : running) scheduler.settle(attempt, {&delivered, 1}, mail::Trouble::kNone, now);
    }
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(accept_plan_settle)
    ->Args({0, 1, 0})
    ->Args({0, 1, 1})
    ->Args({0, 1, 8})
    ->Args({0, 1000, 0})
    ->Args({0, 1000, 1})
    ->Args({0, 1000, 8})
    ->Args({100'000, 1000, 0})
    ->Args({1'000'000, 1000, 0})
    ->Args({1'000'000, 1000, 1});

// Every attempt is deferred and sleeps again: heap pushes and pops among range(0) others.
void defer_and_retry(benchmark::State& state) {
  Policy policy;
  policy.of(Channel::kRemote).limit = 500;
  policy.of(Channel::kRemote).window.limit = 500;
  policy.set_lifetimes(Policy::kLongest);
  Scheduler scheduler(policy);
  const auto destinations = names(1000);
  fill_sleeping(scheduler, static_cast<std::size_t>(state.range(0)), destinations);
  MonoTime now{1h};
  std::vector<AttemptId> running;
  const mail::Verdict deferred = mail::Verdict::kDeferred;
  std::int64_t attempts = 0;
  for (auto _ : state) {
    const Plan& plan = scheduler.plan(now);
    if (plan.wake) now = std::max(now, *plan.wake);
    running.clear();
    for (const Start& start : plan.starts) running.push_back(start.attempt);
    for (const AttemptId attempt : running) scheduler.settle(attempt, {&deferred, 1}, mail::Trouble::kNone, now);
    attempts += static_cast<std::int64_t>(running.size());
  }
  state.SetItemsProcessed(attempts);
}
BENCHMARK(defer_and_retry)->Arg(1000)->Arg(100'000)->Arg(1'000'000);

// A restart, or `ALRM`: a million sleeping messages are admitted, or made due at once.
void admit_a_million(benchmark::State& state) {
  const auto destinations = names(1000);
  for (auto _ : state) {
    Scheduler scheduler(Policy{});
    fill_sleeping(scheduler, 1'000'000, destinations);
    state.counters["octets per message"] = static_cast<double>(scheduler.octets()) / 1e6;
  }
}
BENCHMARK(admit_a_million)->Unit(benchmark::kMillisecond);

// A million deferred messages that wait for queue runs: the selection walks over them (prospect), makes them due (run),
// and the probe of their destinations, range(0) of them, fails.
Policy by_runs() {
  Policy policy;
  policy.retry = Retry::kRuns;
  policy.ages.minimum = 1min;
  return policy;
}

void admit_a_million_for_runs(benchmark::State& state) {
  const auto destinations = names(1000);
  for (auto _ : state) {
    Scheduler scheduler(by_runs());
    fill_sleeping(scheduler, 1'000'000, destinations);
    state.counters["octets per message"] = static_cast<double>(scheduler.octets()) / 1e6;
  }
}
BENCHMARK(admit_a_million_for_runs)->Unit(benchmark::kMillisecond);

void look_at_a_million(benchmark::State& state) {
  Scheduler scheduler(by_runs());
  fill_sleeping(scheduler, 1'000'000, names(1000));
  for (auto _ : state) {
    std::size_t eligible = 0;
    for (std::uint64_t id = 1; id <= 1'000'000; ++id)
      eligible += scheduler.prospect(queue::MessageId(id), {}, MonoTime{2h}).kind == Prospect::Kind::kEligible ? 1 : 0;
    benchmark::DoNotOptimize(eligible);
  }
}
BENCHMARK(look_at_a_million)->Unit(benchmark::kMillisecond);

void probe_fails_before_a_million(benchmark::State& state) {
  const auto destinations = names(static_cast<std::size_t>(state.range(0)));
  const mail::Verdict deferred = mail::Verdict::kDeferred;
  for (auto _ : state) {
    state.PauseTiming();
    Policy policy = by_runs();
    for (ChannelPolicy& channel : policy.channels) channel.window = {1, 1, 1};
    auto scheduler = std::make_unique<Scheduler>(policy);
    fill_sleeping(*scheduler, 1'000'000, destinations);
    scheduler->run_all(MonoTime{2h});
    const Plan& plan = scheduler->plan(MonoTime{2h});
    std::vector<AttemptId> running;
    for (const Start& start : plan.starts) running.push_back(start.attempt);
    state.ResumeTiming();
    for (const AttemptId attempt : running)
      scheduler->settle(attempt, {&deferred, 1}, mail::Trouble::kUnreachable, MonoTime{2h});
    state.PauseTiming();
    scheduler.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(probe_fails_before_a_million)->Arg(1)->Arg(1000)->Iterations(3)->Unit(benchmark::kMillisecond);

void run_all_of_a_million(benchmark::State& state) {
  const auto destinations = names(1000);
  for (auto _ : state) {
    state.PauseTiming();
    auto scheduler = std::make_unique<Scheduler>(Policy{});
    fill_sleeping(*scheduler, 1'000'000, destinations);
    state.ResumeTiming();
    scheduler->run_all(MonoTime{1s});
    benchmark::DoNotOptimize(scheduler->plan(MonoTime{1s}).starts.size());
    state.PauseTiming();
    scheduler.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(run_all_of_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
