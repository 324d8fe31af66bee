// A Scheduler with a clock that the test moves and short words for what tests do all the time. For tests only.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/schedule/scheduler.h"

namespace sluice::schedule {

class Driver {
 public:
  struct Running {
    AttemptId attempt;
    std::uint64_t message;
    std::string destination;
    std::vector<std::uint32_t> recipients;
  };

  explicit Driver(Policy policy = {}, SharedLimits* shared = nullptr) : scheduler(std::move(policy), shared) {}

  Scheduler scheduler;
  MonoTime now{};
  std::vector<Running> running;
  std::vector<std::uint64_t> expired;
  std::vector<std::uint64_t> late;

  // A message with `recipients` recipients in one lane, born now.
  std::uint64_t send(std::string destination, std::string flow = "f", std::uint32_t recipients = 1,
                     Channel channel = Channel::kRemote) {
    std::vector<std::uint32_t> indices(recipients);
    for (std::uint32_t i = 0; i < recipients; ++i) indices[i] = i;
    const NewJob job{{channel, destination}, indices, 0, {}};
    scheduler.accept({MessageId(++last), now, false, flow}, {&job, 1}, now);
    return last;
  }
  void send_many(int count, const std::string& destination, const std::string& flow = "f") {
    for (int i = 0; i < count; ++i) send(destination, flow);
  }

  // Plans now; returns how many attempts began.
  std::size_t plan() {
    const Plan& plan = scheduler.plan(now);
    wake = plan.wake;
    for (const Start& start : plan.starts) {
      const auto recipients = plan.recipients_of(start);
      running.push_back({start.attempt,
                         start.message.raw(),
                         std::string(start.lane.destination),
                         {recipients.begin(), recipients.end()}});
    }
    for (const Expired& gone : plan.expired) expired.push_back(gone.message.raw());
    for (const MessageId id : plan.late) late.push_back(id.raw());
    return plan.starts.size();
  }

  // Ends a running attempt with one verdict for all of its recipients.
  Settled end(std::size_t which, mail::Verdict verdict, mail::Trouble trouble = mail::Trouble::kNone) {
    const Running ended = running[which];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    return scheduler.settle(ended.attempt, {&verdict, 1}, trouble, now);
  }
  Settled deliver(std::size_t which = 0) { return end(which, mail::Verdict::kDelivered); }
  Settled defer(std::size_t which = 0) { return end(which, mail::Verdict::kDeferred); }
  Settled unreachable(std::size_t which = 0) {
    return end(which, mail::Verdict::kDeferred, mail::Trouble::kUnreachable);
  }

  // Lets time pass, planning at every wake-up, until something starts or `limit` is reached.
  std::size_t pass_until_start(MonoTime limit) {
    for (;;) {
      if (const std::size_t started = plan(); started > 0) return started;
      if (!wake || *wake > limit) {
        now = limit;
        return plan();
      }
      now = std::max(now, *wake);
    }
  }

  std::size_t running_to(const std::string& destination) const {
    return static_cast<std::size_t>(std::ranges::count(running, destination, &Running::destination));
  }
  Reason reason(std::uint64_t message) const {
    const auto explanation = scheduler.explain(MessageId(message));
    return explanation ? explanation->jobs.front().reason : Reason::kNone;
  }

  std::uint64_t last = 0;
  std::optional<MonoTime> wake;
};

}  // namespace sluice::schedule
