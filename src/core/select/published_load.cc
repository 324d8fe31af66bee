#include "core/select/published_load.h"

#include <algorithm>

namespace sluice::select {

namespace {

std::uint32_t share(std::int32_t in_flight, std::int32_t limit) {
  if (limit <= 0) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(std::int64_t{kFullChannel} * in_flight / limit, kFullChannel));
}

}  // namespace

QueueState state_of(const std::optional<link::QueueCounts>& published) {
  const bool takes = published && published->flag == 0;
  // Nothing was published yet, or every delivery is held.
  const bool works = takes && (published->local_limit > 0 || published->remote_limit > 0);
  if (!works) return {.open = true, .load = kLastResort, .step = 0};
  const std::int32_t widest = std::max(published->local_limit, published->remote_limit);
  return {.open = true,
          .load = share(published->local, published->local_limit) + share(published->remote, published->remote_limit),
          .step = share(1, widest)};
}

}  // namespace sluice::select
