// Runs: the queue runs of this qmail-send, those that wait and those that are under way. Requests come over the control
// socket from timers, commands, qmail-smtpd (ETRN) and persistent runners alike.
//
// Of runs that nobody follows to their end, an equal one that has not begun is joined rather than repeated, and one
// that has begun leaves what it did not start to the next equal one; those that ETRN asks for begin at most each
// kEtrnPause. So neither a flood of requests nor a destination that hangs makes runs pile up.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "run.h"

namespace sluice::scheduler {

class Runs {
 public:
  static constexpr std::size_t kMostWaiting = 256, kMostBegun = 64, kMostBegunByStrangers = 8;
  static constexpr Duration kEtrnPause{5'000};

  Runs(Send& send, net::Loop& loop);
  ~Runs();
  // Before the first request.
  void set_place(Run::Place place) { place_ = std::move(place); }

  // Its answers, as queue_run.h says.
  //   errors  a sentence: too many runs wait
  Result<std::shared_ptr<ipc::Feed>, std::string> ask(select::QueueRun what, bool by_owner);

  // For Send, which tells what happens. Nothing costs anything while no run is followed.
  bool any() const { return !runs_.empty(); }
  void settled(queue::MessageId id, std::uint32_t recipient, mail::Verdict verdict, const mail::Outcome& outcome);
  // Something about the message changed: an attempt ended, it expired, is held or gone.
  void look_at(queue::MessageId id);
  // Who watches what is tried of a message now; 0: nobody.
  std::uint64_t watcher_of(queue::MessageId id) const;
  // What the run says that tries the message now.
  mail::ClientTimeouts timeouts_of(queue::MessageId id) const;
  void transcript(std::uint64_t watcher, Octets line);
  void sessions_closed(std::uint64_t watcher);

  // One object for each run that waits or is under way.
  std::vector<std::string> describe() const;
  // The runs that have the message under way.
  std::vector<std::string> runs_with(queue::MessageId id) const;

 private:
  struct Recent {
    select::QueueRun what;
    MonoTime begun{};
  };
  void join(const std::shared_ptr<Run>& run, const std::shared_ptr<ipc::Feed>& feed, bool to_the_end);
  std::shared_ptr<Run> equal_waiting(const select::QueueRun& what) const;
  std::shared_ptr<Run> find(std::uint64_t number) const;
  bool may_begin(const Run& run);
  void begin(Run& run);
  void go_on();
  void work();
  void sweep();
  void forget_ended();

  Send& send_;
  net::Loop& loop_;
  Run::Place place_;
  std::vector<std::shared_ptr<Run>> runs_;  // in order of their numbers
  std::deque<Recent> recent_;               // ETRN's, not older than kEtrnPause
  std::uint64_t last_number_ = 0, last_stepped_ = 0;
  net::Timer work_, sweep_;
};

}  // namespace sluice::scheduler
