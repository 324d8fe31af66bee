#include "reclaim.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kLook{250};
constexpr Duration kMoveRest = std::chrono::minutes{1};
constexpr Duration kSweep = std::chrono::hours{24};
constexpr std::size_t kMovesAtOnce = 256;  // messages on their way to the end of the journal

}  // namespace

Reclaim::Reclaim(net::Loop& loop, Ledger& ledger, Neighbour& clean, Neighbour& intake, std::uint64_t segment_size,
                 std::function<bool(std::uint64_t)> in_use, Strays strays)
    : loop_(loop),
      ledger_(ledger),
      clean_(clean),
      intake_(intake),
      segment_size_(segment_size),
      in_use_(std::move(in_use)),
      strays_(std::move(strays)),
      timer_(loop, [this] { look(); }),
      sweep_timer_(loop, [this] { sweep(); }) {
  timer_.set(loop.now());
  sweep_timer_.set(loop.now());
}

void Reclaim::look() {
  timer_.set(loop_.now() + kLook);
  for (const std::uint64_t file : ledger_.take_released_files()) remove(queue::BodyRef::Storage::kFile, file);
  if (!moving_.empty()) return;  // a copy that is not counted yet could lie in a segment that looks dead
  const auto& space = ledger_.image().space();
  for (const std::uint64_t segment : space.dead_segments(ledger_.image().watermark()))
    if (!in_use_(segment)) remove(queue::BodyRef::Storage::kJournal, segment);
  relocate_worst();
}

void Reclaim::remove(queue::BodyRef::Storage storage, std::uint64_t segment) {
  if (!asked_.emplace(storage, segment).second) return;
  ledger_.after_sync([this, storage, segment] {
    if (!clean_.is_there() && storage == queue::BodyRef::Storage::kFile) unsent_.push_back(segment);
    clean_.send(link::Remove{storage, segment});
  });
}

void Reclaim::clean_replaced() {
  asked_.clear();  // dead segments are found at the next look
  for (const std::uint64_t file : std::exchange(unsent_, {})) remove(queue::BodyRef::Storage::kFile, file);
}

void Reclaim::intake_replaced() { moving_.clear(); }

void Reclaim::sweep() {
  sweep_timer_.set(loop_.now() + kSweep);
  boost::unordered_flat_set<std::uint64_t> needed;
  queue::MessageId after;
  for (bool more = true; more;) {
    const auto next = ledger_.image().visit(after, 1000, [&](const queue::Image::MessageView& message) {
      if (message.body().storage == queue::BodyRef::Storage::kFile) needed.insert(message.body().segment);
    });
    more = next.has_value();
    if (next) after = *next;
  }
  for (const std::uint64_t file : strays_(needed)) remove(queue::BodyRef::Storage::kFile, file);
}

void Reclaim::removed(const link::Removed& answer) {
  if (asked_.erase({answer.storage, answer.segment}) == 0) return;
  // A segment that could not be removed is dead at the next look too.
  if (answer.storage == queue::BodyRef::Storage::kJournal && answer.gone)
    ledger_.record(queue::Removed{answer.segment});
}

void Reclaim::relocate_worst() {
  if (loop_.now() < no_moves_before_) return;
  const auto& image = ledger_.image();
  std::uint64_t kept = 0, live = 0;
  for (const queue::SegmentUse& use : image.space().segments()) {
    kept += use.octets;
    live += use.live_octets;
  }
  if (kept <= 2 * live + 2 * segment_size_) return;
  const auto worst = image.space().worst_segment(image.watermark(), 0.5);
  if (!worst || worst->live_messages == 0) return;
  // Walks over the image, but only when as much mail as two segments hold has ended since the last time.
  queue::MessageId after;
  for (bool more = true; more && moving_.size() < kMovesAtOnce;) {
    const auto next = image.visit(after, 1000, [&](const queue::Image::MessageView& message) {
      const queue::BodyRef body = message.body();
      if (body.storage != queue::BodyRef::Storage::kJournal || body.segment != worst->segment) return;
      if (moving_.size() >= kMovesAtOnce || !moving_.insert(message.id()).second) return;
      intake_.send(link::Relocate{message.id(), body, {}});
    });
    more = next.has_value();
    if (next) after = *next;
  }
}

void Reclaim::relocated(const link::Relocated& answer) {
  if (moving_.erase(answer.id) == 0) return;
  if (answer.moved)
    ledger_.record(queue::Moved{answer.id, answer.body});
  else
    no_moves_before_ = loop_.now() + kMoveRest;
  if (moving_.empty()) timer_.set(loop_.now());
}

}  // namespace sluice::scheduler
