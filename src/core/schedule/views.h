// What goes into a Scheduler and what comes out: plain values. See scheduler.h for their lifetimes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "core/mail/outcome.h"
#include "core/queue/message.h"
#include "core/schedule/lane.h"

namespace sluice::schedule {

using queue::MessageId;

struct AttemptTag;
// One attempt, counted from 1 over all channels of one Scheduler.
using AttemptId = Id<AttemptTag>;

// A word for each, for listings and machines: "retry-time", "lane-window" …
std::string_view name_of(Reason reason);

struct NewMessage {
  MessageId id;
  MonoTime arrival{};  // may lie before boot; the future counts as now
  bool null_sender = false;
  std::string_view flow;  // who sends
  bool warned = false;    // its sender knows that it is late, or need not know
  mail::Urgency urgency = mail::Urgency::kNormal;
  mail::DeliveryMode mode = mail::DeliveryMode::kBackground;
  std::int64_t priority = 0;  // priority_number() before the first attempt; kept to about 1,000 in the load gate
};

struct NewJob {
  LaneKey lane;
  std::span<const std::uint32_t> recipients;
  std::uint32_t attempts = 0;   // that were made before
  std::optional<MonoTime> due;  // none: now. As Settled::next said; a past time with Retry::kRuns: the last attempt
};

// A queue run, as far as the scheduler minds. What a run makes due may be tried once, whatever the policy says about
// waiting for runs; deferred, it waits again.
struct RunOptions {
  bool selective = false;  // asks about single messages: minds no ages, and reaches what waits for such a run only
  bool probe = true;       // a destination in back-off gets a probe now; else what waits for that is left alone
  std::optional<Duration> min_age{}, max_age{};  // none: those of the policy (RetryAges)
  // Whatever can be tried is, however young, expensive lanes excepted.
  static RunOptions ageless() { return {false, true, Duration::zero(), Duration::zero()}; }
};

// What a run would find a message to be.
struct Prospect {
  enum class Kind : std::uint8_t {
    kUnknown,    // there is no such message
    kLocked,     // all that is left of it is being tried
    kHeld,       // by the operator
    kYoung,      // its last attempt is too young, for another `young_for`
    kElsewhere,  // nothing is to be done: what is left goes without a run, or waits for what this run does not change
    kEligible,   // run() with the same options makes some of it due
  };
  Kind kind = Kind::kUnknown;
  Duration young_for = Duration::zero();
};

// Where the jobs of a message are.
struct Whereabouts {
  bool known = false;
  std::uint32_t in_flight = 0;  // being tried
  std::uint32_t waiting = 0;    // will be tried without any event from outside: for its turn, a slot, a rate, a probe
  std::uint32_t blocked = 0;    // by a destination in back-off, the load, the operator
  std::uint32_t asleep = 0;     // until a time, or until a run
  bool under_way() const { return in_flight + waiting > 0; }  // false: a run that made it due has done with it
};

struct Start {
  AttemptId attempt;
  MessageId message;
  LaneKey lane;
  std::uint32_t attempts = 1;          // this one included
  std::uint32_t first = 0, count = 0;  // Plan::recipients_of
};

// Recipients that failed without a further attempt: too long in the queue, and their destination cannot be reached; or
// given up.
struct Expired {
  MessageId message;
  Channel channel = Channel::kRemote;
  std::string destination;
  std::uint32_t attempts = 0;
  bool given_up = false;               // by give_up(), whatever its age
  bool message_done = false;           // it is forgotten
  std::uint32_t first = 0, count = 0;  // Plan::recipients_of
};

struct Plan {
  std::vector<Start> starts;
  std::vector<Expired> expired;
  std::vector<MessageId> late;   // tell their senders; each is named once
  std::optional<MonoTime> wake;  // ask again then; none: only after another call
  std::vector<std::uint32_t> recipients;

  template <class Entry>  // Start or Expired
  std::span<const std::uint32_t> recipients_of(const Entry& entry) const {
    return std::span(recipients).subspan(entry.first, entry.count);
  }
};

struct Settled {
  struct Recipient {
    std::uint32_t index = 0;
    mail::Verdict verdict = mail::Verdict::kDeferred;
    bool too_old = false;  // was deferred, and failed because the message is in the queue too long
  };
  bool known = false;  // false: no such attempt, and nothing else is set
  MessageId message;
  LaneKey lane;
  std::vector<Recipient> recipients;  // in the order of the attempt
  // When the deferred ones are due or, where they wait for a queue run, when they were tried; none: none are tried
  // again. What NewJob::due is to be after a restart.
  std::optional<MonoTime> next;
  bool waits_for_run = false;  // the deferred ones do
  bool message_done = false;   // it is forgotten
};

struct Explanation {
  struct Job {
    Channel channel = Channel::kRemote;
    std::string destination;
    std::vector<std::uint32_t> recipients;
    Reason reason = Reason::kNone;
    std::optional<MonoTime> until;  // when that is over, if it is a time
    std::uint32_t attempts = 0;
    MonoTime due{};                             // its retry time, perhaps past; waiting for a run: its last attempt
    AttemptId attempt;                          // if in flight
    std::size_t lane_in_flight = 0;             // attempts of its lane
    std::size_t lane_ready = 0;                 // jobs of its lane that wait as it does, itself included if it is one
    std::vector<SharedLimits::Holder> holders;  // kInstanceLimit: the queues with attempts there, this one included
  };
  MonoTime birth{};
  MonoTime expires{};
  std::string flow;
  Terms terms = Terms::kNormal;
  std::int64_t priority = 0;  // about, without attempts
  bool held = false;
  bool removed = false;  // goes when its attempts in flight end
  std::vector<Job> jobs;
};

struct ChannelStatus {
  std::uint32_t limit = 0;
  std::uint32_t in_flight = 0;
  bool held = false;
  std::array<std::size_t, kReasons> waiting{};  // jobs by Reason
  std::size_t of(Reason reason) const { return waiting[static_cast<std::size_t>(reason)]; }
};

struct LaneStatus {
  Channel channel = Channel::kRemote;
  std::string destination;
  std::uint32_t in_flight = 0;
  std::uint32_t window = 0;
  std::uint32_t limit = 0;
  std::size_t ready = 0;  // jobs that wait for `reason`
  std::size_t jobs = 0;   // all, those that sleep and those in flight too
  Reason reason = Reason::kNone;
  bool suspended = false;
  LaneHold hold = LaneHold::kNone;
  Standing standing = Standing::kUnknown;
  std::uint32_t failed_probes = 0;  // failures in a row since the back-off began
  std::optional<MonoTime> backoff_since;
  std::optional<MonoTime> backoff_until;
};

}  // namespace sluice::schedule
