// Health: what is known about a lane's destination, learned from how attempts end: its concurrency window and whether
// it is being left alone (back-off).
//
// A destination is left alone when it could not be reached, or went on making trouble with the window at its floor,
// and nothing that was settled since that attempt began had an answer. When the delay is over one attempt, the probe,
// is let through. An answer ends the back-off, whoever got it; a failed probe makes the delay twice as long. Attempts
// that were in flight when the back-off began do not prolong it.
//
// An answer is anything that the destination said for itself, refusals of recipients included (mail::Trouble::kNone).
#pragma once

#include <cstdint>

#include "base/time.h"
#include "core/mail/outcome.h"
#include "core/schedule/backoff.h"
#include "core/schedule/window.h"

namespace sluice::schedule {

enum class Standing : std::uint8_t {
  kProven,    // has answered, and is not in back-off
  kUnknown,   // has not answered yet
  kTroubled,  // in back-off, or being probed
};
inline constexpr std::size_t kStandings = 3;

class Health {
 public:
  Health() = default;
  explicit Health(const WindowBounds& bounds) : window_(bounds) {}

  const Window& window() const { return window_; }
  const Backoff& backoff() const { return backoff_; }
  bool in_backoff() const { return backoff_.active(); }
  bool probing() const { return probe_ != 0; }
  Standing standing() const {
    if (in_backoff()) return Standing::kTroubled;
    return answered_at_ != 0 ? Standing::kProven : Standing::kUnknown;
  }

  // An attempt began: in back-off it is the probe. Serials ascend from 1 over all lanes.
  void started(std::uint64_t serial) {
    if (in_backoff()) probe_ = serial;
  }

  // An attempt of this lane ended; `latest` is the newest serial given out in any lane.
  void ended(std::uint64_t serial, std::uint64_t latest, mail::Trouble trouble, MonoTime now,
             const WindowBounds& window, const BackoffBounds& delays) {
    if (trouble == mail::Trouble::kNone) return answered(latest, window);
    const bool was_probe = serial == probe_;
    if (was_probe) probe_ = 0;
    const bool hopeless = trouble == mail::Trouble::kUnreachable || window_.size() <= window.floor;
    window_.shrink(window, serial, latest);
    if (was_probe || (!in_backoff() && hopeless && answered_at_ < serial && left_alone_at_ < serial)) {
      backoff_.fail(delays, now);
      left_alone_at_ = latest;
    }
  }

  // An attempt ended without telling anything.
  void abandoned(std::uint64_t serial) {
    if (serial == probe_) probe_ = 0;
  }

  void probe_now(MonoTime now) { backoff_.expire(now); }
  void forget_backoff() {
    backoff_.reset();
    probe_ = 0;
  }
  void clamp(const WindowBounds& window) { window_.clamp(window); }

 private:
  void answered(std::uint64_t latest, const WindowBounds& window) {
    if (in_backoff())
      window_.restart(window);
    else
      window_.grow(window);
    backoff_.reset();
    probe_ = 0;
    answered_at_ = latest;
  }

  Window window_;
  Backoff backoff_;
  std::uint64_t probe_ = 0;          // serial of the probe in flight, 0: none
  std::uint64_t answered_at_ = 0;    // newest serial when it last answered, 0: never
  std::uint64_t left_alone_at_ = 0;  // newest serial when back-off last began or was prolonged
};

}  // namespace sluice::schedule
