// Run: one queue run (core/select/queue_run.h) on its way through this queue. It selects messages a slice at a time,
// has the scheduler core make them due, in order, as many at once as it may, and keeps account of what becomes of them
// as far as somebody wants to know. What it cannot move (a destination in back-off, a hold, a rate) it does not wait
// for: so a run ends whatever destinations do, except those that are being talked to.
//
//   waiting    for its turn; equal runs join it
//   selecting  looks at the image
//   starting   makes due what it selected
//   writing    returns mail: until that this was ordered is durable; nobody hears before that it was
//   closing    watched: qmail-rspawn closes idle sessions and says so
//   ended
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/mail/outcome.h"
#include "core/schedule/scheduler.h"
#include "core/select/queue_run.h"
#include "core/select/selection.h"
#include "system/ipc/control.h"
#include "system/net/loop.h"

namespace sluice::scheduler {

class Send;

// What a run came to: recipients, but for `skipped`, which counts messages that it did not try (being tried already,
// too young, gone, or out of its reach).
struct RunFigures {
  std::uint64_t delivered = 0, deferred = 0, failed = 0, skipped = 0;
  int status = 0;  // sysexits code of the last recipient that failed for good
};

class Run : public std::enable_shared_from_this<Run> {
 public:
  enum class Stage : std::uint8_t { kWaiting, kSelecting, kStarting, kWriting, kClosing, kEnded };
  struct Place {  // where it runs
    std::string queue, directory;
  };

  Run(Send& send, const Place& place, std::uint64_t number, select::QueueRun what, bool by_owner);

  const select::QueueRun& what() const { return what_; }
  std::uint64_t number() const { return number_; }
  bool by_owner() const { return by_owner_; }
  Stage stage() const { return stage_; }
  // One more who is told. `to_the_end`: hears how it ended too.
  void join(std::shared_ptr<ipc::Feed> feed, bool to_the_end);
  // The same request, but for who made it.
  bool equals(const select::QueueRun& other) const;

  void begin();
  // Does a little more. True: there is more to do at once.
  bool step();
  // A newer run does the rest.
  void supersede();
  // Looks after messages under way that nothing will happen to, at most `most` of them, which it takes from that. To be
  // called now and then; true: it is not through with them.
  bool sweep(std::size_t& most);
  // Somebody has gone, or takes again what he is told.
  void listeners_changed();

  // What became of a recipient; then, that something may have changed about a message.
  void settled(queue::MessageId id, std::uint32_t recipient, mail::Verdict verdict, const mail::Outcome& outcome);
  void look_at(queue::MessageId id);
  bool has_under_way(queue::MessageId id) const;
  bool watches(queue::MessageId id) const { return what_.watch && has_under_way(id); }
  void transcript(Octets line) { tell(line); }
  void sessions_closed();

  // One object for the control socket.
  std::string describe() const;

 private:
  struct Listener {
    std::shared_ptr<ipc::Feed> feed;
    bool to_the_end = false;
  };

  bool is_followed() const;
  schedule::RunOptions options() const;
  bool select_more();
  bool may_select(const queue::Image::MessageView& message);
  void selected();
  void answer(bool to_the_end);
  bool start_more();
  void start(const queue::Image::MessageView& message);
  void run_matching(const queue::Image::MessageView& message);
  void flush();
  void done_with(queue::MessageId id);
  void pass_over(queue::MessageId id, const schedule::Prospect& prospect);
  void tell_untried(const queue::Image::MessageView& message);
  void tell(std::string_view line);
  void end_if_done();
  void write();
  void close();
  void end();

  Send& send_;
  const Place& place_;
  const std::uint64_t number_;
  const select::QueueRun what_;
  const bool by_owner_;
  Stage stage_ = Stage::kWaiting;
  select::Selection selection_;
  std::vector<Listener> listeners_;
  std::vector<queue::MessageId> due_;     // to be made due together
  std::vector<std::string> passed_over_;  // watched: lines that wait for the answer to the request
  std::uint64_t begun_ = 0, under_way_ = 0, dropped_lines_ = 0;
  bool all_begun_ = false;
  std::vector<std::uint32_t> tried_;  // watched: recipients of the message under way that were settled
  bool sweeping_ = false;
  queue::MessageId swept_;
  std::uint64_t stalls_ = 0;  // of the core, when the last sweep began
  MonoTime sweep_began_{}, next_sweep_{};
  WallTime since_{};
  MonoTime closing_since_{};
  RunFigures figures_;
};

}  // namespace sluice::scheduler
