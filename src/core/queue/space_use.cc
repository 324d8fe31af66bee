#include "core/queue/space_use.h"

#include <algorithm>

namespace sluice::queue {

void SpaceUse::hold(const BodyRef& body) {
  if (body.storage == BodyRef::Storage::kFile) return;
  Live& live = segments_[body.segment];
  live.octets += body.length;
  ++live.messages;
}

void SpaceUse::release(const BodyRef& body) {
  if (body.storage == BodyRef::Storage::kFile) {
    released_files_.push_back(body.segment);
    return;
  }
  const auto found = segments_.find(body.segment);
  if (found == segments_.end()) return;
  found->second.octets -= std::min(found->second.octets, body.length);
  found->second.messages -= std::min<std::uint64_t>(found->second.messages, 1);
}

void SpaceUse::remember(std::uint64_t segment) { segments_.try_emplace(segment); }

void SpaceUse::removed(std::uint64_t segment) {
  const auto found = segments_.find(segment);
  if (found != segments_.end() && found->second.messages == 0) segments_.erase(found);
}

template <class Visit>
void SpaceUse::each_passed(Lsn watermark, Visit&& visit) const {
  for (auto at = segments_.begin(); at != segments_.end(); ++at) {
    const auto behind = std::next(at);
    if (behind == segments_.end() || watermark.raw() < behind->first) return;
    visit(SegmentUse{at->first, behind->first - at->first, at->second.octets, at->second.messages});
  }
}

std::vector<std::uint64_t> SpaceUse::dead_segments(Lsn watermark) const {
  std::vector<std::uint64_t> dead;
  each_passed(watermark, [&](const SegmentUse& use) {
    if (use.live_messages == 0) dead.push_back(use.segment);
  });
  return dead;
}

std::optional<SegmentUse> SpaceUse::worst_segment(Lsn watermark, double ratio) const {
  const auto live_part = [](const SegmentUse& use) {
    return static_cast<double>(use.live_octets) / static_cast<double>(use.octets);
  };
  std::optional<SegmentUse> worst;
  each_passed(watermark, [&](const SegmentUse& use) {
    if (use.live_messages == 0 || live_part(use) >= ratio) return;
    if (!worst || live_part(use) < live_part(*worst)) worst = use;
  });
  return worst;
}

std::vector<SegmentUse> SpaceUse::segments() const {
  std::vector<SegmentUse> uses;
  for (auto at = segments_.begin(); at != segments_.end(); ++at) {
    const auto behind = std::next(at);
    const std::uint64_t octets = behind == segments_.end() ? 0 : behind->first - at->first;
    uses.push_back({at->first, octets, at->second.octets, at->second.messages});
  }
  return uses;
}

}  // namespace sluice::queue
