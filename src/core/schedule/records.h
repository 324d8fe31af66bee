// The records of the scheduler's book: messages and their jobs. A job is (message, lane, those of its recipients that
// share one due time). Sizes matter here: a million deferred messages are a million of each (see Scheduler::octets).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "base/time.h"
#include "core/queue/message.h"
#include "core/schedule/policy.h"
#include "core/schedule/slab.h"

namespace sluice::schedule {

// Why a job is not being tried now: the one thing that it waits for.
enum class Reason : std::uint8_t {
  kNone = 0,       // nothing waits
  kTime,           // its retry time
  kChannelSlot,    // its lane's turn at the channel's slots
  kLaneWindow,     // an attempt of its lane to end
  kLaneRate,       // the rate limit of its lane
  kLaneBackoff,    // its destination cannot be reached: the next probe, or the end of the one under way
  kSuspension,     // the operator: its lane is suspended
  kChannelHold,    // the operator: its channel is held
  kMessageHold,    // the operator: the message is held
  kExpired,        // nothing: it is too old and will be reported as failed by the next plan
  kInFlight,       // its attempt to end
  kInstanceLimit,  // an attempt of its destination to end, in any queue of the instance
  kQueueRun,       // a queue run that selects it
  kExpensive,      // the same, because its lane is tried by queue runs only (LaneHold)
  kLoad,           // the load to fall: its priority number is too high for it (LoadGate)
};
inline constexpr std::size_t kReasons = 15;

// Indices of recipients in the envelope. Owns them; a single one, the usual case, needs no allocation.
class Recipients {
 public:
  Recipients() = default;
  explicit Recipients(std::span<const std::uint32_t> from) { assign(from); }
  Recipients(Recipients&& other) noexcept
      : count_(std::exchange(other.count_, 0)), many_(std::exchange(other.many_, nullptr)) {}
  Recipients& operator=(Recipients&& other) noexcept {
    if (this == &other) return *this;
    clear();
    count_ = std::exchange(other.count_, 0);
    many_ = std::exchange(other.many_, nullptr);
    return *this;
  }
  ~Recipients() { clear(); }

  std::span<const std::uint32_t> all() const { return {count_ > 1 ? many_ : &one_, count_}; }
  std::size_t size() const { return count_; }

  void assign(std::span<const std::uint32_t> from) {
    std::uint32_t* copy = nullptr;
    if (from.size() > 1) {
      copy = new std::uint32_t[from.size()];
      std::copy(from.begin(), from.end(), copy);
    }
    const std::uint32_t first = from.empty() ? 0 : from.front();
    clear();
    count_ = static_cast<std::uint32_t>(from.size());
    if (copy != nullptr)
      many_ = copy;
    else
      one_ = first;
  }

 private:
  void clear() {
    if (count_ > 1) delete[] many_;
    count_ = 0;
    many_ = nullptr;
  }

  std::uint32_t count_ = 0;
  union {
    std::uint32_t one_;
    std::uint32_t* many_ = nullptr;
  };
};

struct Job {
  enum class State : std::uint8_t {
    kSleeping,       // in the heap of due times
    kReady,          // in its lane's queue for its flow
    kInFlight,       // in the table of flights
    kHeld,           // nowhere: the message is held
    kExpiring,       // in the list of those to be reported as failed
    kAwaitsRun,      // nowhere: a queue run finds it
    kAwaitsLaneRun,  // the same, because of its lane (LaneHold)
    kAwaitsLoad,     // in the heap of what is too large for the load
  };
  Recipients recipients;
  MonoTime due{};  // perhaps past; or, as due_is_last says, when it was last tried
  Links place;  // kSleeping, kAwaitsLoad: `previous` is the position in the heap; kInFlight: the serial of the attempt
  Index message = kNowhere;
  Index lane = kNowhere;
  Index next_of_message = kNowhere;
  std::uint16_t attempts = 0;  // stays at its maximum
  State state = State::kHeld;
  bool released : 1 = false;  // a queue run selected it: it may be tried once
  bool due_is_last : 1 = false;

  std::uint64_t serial() const { return std::uint64_t{place.previous} << 32 | place.next; }
  void set_serial(std::uint64_t serial) { place = {static_cast<Index>(serial >> 32), static_cast<Index>(serial)}; }
};
static_assert(sizeof(Job) <= 48);

struct Message {
  queue::MessageId id;
  MonoTime birth{};
  Index first_job = kNowhere;
  Index flow = kNowhere;
  Links calendar;           // in its bucket of the calendar of warnings, then of that of lifetimes
  Index bucket = kNowhere;  // that bucket
  Terms terms : 2 = Terms::kNormal;
  bool held : 1 = false;
  bool removed : 1 = false;             // its last attempts are still in flight; nothing of it is tried again
  bool overdue : 1 = false;             // past its lifetime
  bool awaits_warning : 1 = false;      // in the calendar of warnings
  bool warning_due : 1 = false;         // its time came while it was held or in flight
  bool warned : 1 = false;              // or never to be
  bool waits_for_run : 1 = false;       // before its first attempt
  bool given_up : 1 = false;            // fails, whatever its age
  std::uint32_t rank : 22 = kRankZero;  // about its priority number before the first attempt

  static constexpr std::uint32_t kRankZero = 1u << 21;
  static constexpr std::int64_t kRankUnit = 1024;
  void set_priority(std::int64_t number) {
    constexpr std::int64_t kMost = kRankZero - 1;
    rank = static_cast<std::uint32_t>(kRankZero + std::clamp(number / kRankUnit, -kMost, kMost)) & 0x3FFFFF;
  }
  std::int64_t priority() const { return (std::int64_t{rank} - std::int64_t{kRankZero}) * kRankUnit; }
};
static_assert(sizeof(Message) <= 40);

using Jobs = Slab<Job>;
using Messages = Slab<Message>;
using JobList = List<Job, &Job::place>;

}  // namespace sluice::schedule
