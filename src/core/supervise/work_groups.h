// Work groups: which queue groups share one runner. A work group is what gets one process at each tick of a periodic
// run, or one persistent runner; the queue groups in it are run one after the other. Pure.
//
// Queue groups are ordered by their runners, most first. There are as many work groups as queue groups, but no more
// than keep the sum of the runners within `most_children` (MaxQueueChildren), and at least one; all queue groups are
// then dealt out to them back and forth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::supervise {

inline constexpr std::size_t kMaximumWorkGroups = 50;

//   runners        of each queue group, in the order of their declaration
//   most_children  0: no limit
//   result         the work groups, each the places of its queue groups in `runners`, in the order in which they are
//   run
std::vector<std::vector<std::size_t>> work_groups(std::span<const std::uint32_t> runners, std::uint32_t most_children);

}  // namespace sluice::supervise
