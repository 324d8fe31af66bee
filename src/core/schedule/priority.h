// The priority number of a message (sendmail's, shown by mailq -v): what is smaller goes first, and under load what is
// too large does not go at all. Pure arithmetic; any values are accepted, results are bounded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sluice::schedule {

struct PriorityFactors {
  std::int64_t recipient = 30'000;  // RecipientFactor
  std::int64_t precedence = 1'800;  // ClassFactor
  std::int64_t retry = 90'000;      // RetryFactor
  friend bool operator==(const PriorityFactors&, const PriorityFactors&) = default;
};

// size - precedence·ClassFactor + recipients·RecipientFactor + attempts·RetryFactor. `size` in octets, header and body;
// `recipients` as they were accepted.
constexpr std::int64_t priority_number(std::uint64_t size, int precedence, std::uint64_t recipients,
                                       std::uint64_t attempts, const PriorityFactors& factors) {
  constexpr std::int64_t kLargest = 1'000'000'000'000'000;  // of each term, so that their sum is in range
  const auto term = [](std::int64_t count, std::int64_t factor) {
    constexpr std::int64_t kMany = 1'000'000, kFactor = 1'000'000'000;
    return std::min(count, kMany) * std::clamp(factor, -kFactor, kFactor);
  };
  const auto bounded = [](std::uint64_t n) { return static_cast<std::int64_t>(std::min<std::uint64_t>(n, kLargest)); };
  return bounded(size) - term(std::clamp(precedence, -1000, 1000), factors.precedence) +
         term(bounded(recipients), factors.recipient) + term(bounded(attempts), factors.retry);
}

// QueueLA and QueueFactor: at a load of `load` and above, only what is small enough is tried.
struct LoadGate {
  double load = 0;
  double factor = 600'000;
  friend bool operator==(const LoadGate&, const LoadGate&) = default;
};

// The largest priority number that may be tried at this load; nullopt: all may.
constexpr std::optional<std::int64_t> largest_number(const LoadGate& gate, double load) {
  constexpr double kRange = 1e15;
  if (!(load >= gate.load)) return std::nullopt;
  return static_cast<std::int64_t>(std::clamp(gate.factor / (load - gate.load + 1), -kRange, kRange));
}

}  // namespace sluice::schedule
