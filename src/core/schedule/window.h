// Window: how many attempts a lane may have in flight at once, learned from what comes back. It doubles per window of
// successes until it first meets trouble, then opens by one per window of successes; trouble halves it. It never leaves
// [floor, limit].
//
// Attempts are told apart by their serial numbers (ascending): those that were in flight when the window was halved
// tell the same story again, so their failures do not halve it once more.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::schedule {

struct WindowBounds {
  std::uint32_t floor = 1;
  std::uint32_t initial = 5;
  std::uint32_t limit = 20;

  // The same with 1 <= floor <= limit, the limit having the last word; what Window wants.
  WindowBounds in_order() const {
    const std::uint32_t most = std::max<std::uint32_t>(limit, 1);
    return {std::clamp<std::uint32_t>(floor, 1, most), initial, most};
  }
};

class Window {
 public:
  explicit Window(const WindowBounds& bounds) { restart(bounds); }
  Window() = default;

  std::uint32_t size() const { return size_; }

  // Back to the initial size, as if nothing were known.
  void restart(const WindowBounds& bounds) {
    size_ = std::clamp(bounds.initial, bounds.floor, bounds.limit);
    threshold_ = ~std::uint32_t{0};
    credit_ = 0;
  }

  void grow(const WindowBounds& bounds) {
    if (size_ >= bounds.limit) return;
    if (size_ >= threshold_ && ++credit_ < size_) return;
    ++size_;
    credit_ = 0;
  }

  // `attempt` met trouble; `latest` is the newest serial given out.
  void shrink(const WindowBounds& bounds, std::uint64_t attempt, std::uint64_t latest) {
    if (attempt <= halved_at_) return;
    halved_at_ = latest;
    size_ = std::max(size_ / 2, bounds.floor);
    threshold_ = size_;
    credit_ = 0;
  }

  // After the bounds changed.
  void clamp(const WindowBounds& bounds) { size_ = std::clamp(size_, bounds.floor, bounds.limit); }

 private:
  std::uint32_t size_ = 1;
  std::uint32_t threshold_ = ~std::uint32_t{0};  // above it growth is linear
  std::uint32_t credit_ = 0;                     // successes towards the next linear step
  std::uint64_t halved_at_ = 0;
};

}  // namespace sluice::schedule
