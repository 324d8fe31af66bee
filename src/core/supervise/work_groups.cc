#include "core/supervise/work_groups.h"

#include <algorithm>
#include <numeric>

namespace sluice::supervise {

namespace {

std::vector<std::size_t> most_runners_first(std::span<const std::uint32_t> runners) {
  std::vector<std::size_t> places(runners.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) { return runners[a] > runners[b]; });
  return places;
}

std::size_t how_many(std::span<const std::uint32_t> runners, std::span<const std::size_t> order,
                     std::uint32_t most_children) {
  std::size_t count = 0;
  std::uint64_t children = 0;
  for (const std::size_t place : order) {
    children += runners[place];
    if (most_children > 0 && children > most_children) break;
    ++count;
  }
  return std::clamp<std::size_t>(count, 1, kMaximumWorkGroups);
}

}  // namespace

std::vector<std::vector<std::size_t>> work_groups(std::span<const std::uint32_t> runners, std::uint32_t most_children) {
  if (runners.empty()) return {};
  const std::vector<std::size_t> order = most_runners_first(runners);
  const std::size_t count = how_many(runners, order, most_children);
  std::vector<std::vector<std::size_t>> result(count);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool back = i / count % 2 == 1;
    const std::size_t step = i % count;
    result[back ? count - 1 - step : step].push_back(order[i]);
  }
  return result;
}

}  // namespace sluice::supervise
