// Send: qmail-send itself. A thin shell around the scheduler core: frames and time go in, what the core decides goes
// out, and every result is recorded. It decides nothing about when or where; it keeps the order of things that safety
// needs:
//
//   admitted   recorded, then scheduled
//   split      recipients of another queue group: durable there, then recorded (handover.cc)
//   settled    recorded; when all recipients of a message are, its report is queued first, then it is finished
//   late       its sender is told, and that is recorded once the report is queued
//   finished   durable, then its space may go (reclaim.h)
//
// Under qscheduler a neighbour may be lost: what it had in hand is taken back, and its successor is asked
// (neighbours.cc). Orders of qscheduler and of operators are in orders.cc.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "activity.h"
#include "adoption.h"
#include "attempts.h"
#include "core/schedule/scheduler.h"
#include "extra_headers.h"
#include "figures.h"
#include "lanes_of.h"
#include "ledger.h"
#include "neighbour.h"
#include "other_groups.h"
#include "reclaim.h"
#include "reports.h"
#include "runs.h"
#include "supervisor_link.h"
#include "use_of_remote.h"

namespace sluice::scheduler {

// What may change at a reload.
struct SendSettings {
  schedule::Policy policy;
  Routes routes;
  ReportPolicy reports;
  bool hold_local = false, hold_remote = false;
  bool restrict_mailq = false;  // the queue is listed for root and our own user only
  bool restrict_qrun = false;   // likewise: queue runs
};

struct SendPeers {
  os::Fd local, remote, clean, todo, intake;  // sockets to the daemons of the queue
  os::Fd supervisor;                          // to qscheduler; empty without one
  pid_t logger = 0;                           // reads the activity record; 0: there is none
};

class Send {
 public:
  using Reread = std::function<std::optional<SendSettings>()>;  // nullopt: bad settings (said already), keep the old

  Send(net::Loop& loop, Activity& activity, std::unique_ptr<store::StateLog> log,
       std::unique_ptr<store::BodyReader> bodies, SendPeers peers, SendSettings settings, std::uint64_t segment_size,
       Reclaim::Strays strays, Reread reread, OtherGroups::Offers other_groups, schedule::SharedLimits* shared);

  // Reads the state log, takes over what another family left in the queue's directories, takes every message and asks
  // for what came since. Throws os::Fatal (111).
  //   adoption  where and under which numbers; the rest of it is filled in here
  void start(Adoption::Settings adoption);

  // Called after each turn in which deliveries began or ended or a limit changed.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  void reload();   // HUP
  void run_all();  // ALRM
  void detach();   // USR1: takes no new messages until what is under way is done
  void attach();   // USR2
  void stop();     // TERM: ends what is in flight, at most kPatience, then the loop
  void child_ended(pid_t pid, int status);
  int exit_code() const { return exit_code_; }

  // Another queue left a slot of a limit that holds for both (Scheduler::limit_freed).
  void limit_freed(schedule::SharedLimits::Row row);

  static constexpr Duration kPatience{20'000};

  // For the operator (holds.cc). What is held is not tried until it is released, also after a restart; what is in
  // flight runs to its end. A removed message goes without a report. False: there is no such message.
  bool hold(queue::MessageId id, std::string_view reason);
  bool release(queue::MessageId id);
  bool remove(queue::MessageId id, std::string_view by);
  // Returned to their senders without another attempt; held ones are left alone.
  void give_up(std::span<const queue::MessageId> ids);

  // Calls `work` once all that was recorded until now is durable.
  void after_sync(std::function<void()> work) { ledger_.after_sync(std::move(work)); }
  bool sync() { return ledger_.sync(); }  // what was recorded is durable; false: not yet, and it is tried again

  // For queue runs.
  Runs& runs() { return runs_; }
  const Runs& runs() const { return runs_; }
  void plan_later();
  // Nothing more is delivered for this watcher. False: there is nobody who would answer with Runs::sessions_closed.
  bool end_watch(std::uint64_t watcher);
  bool runs_restricted() const { return settings_.restrict_qrun; }

  // For the control socket.
  bool forget_backoff(schedule::LaneKey lane);
  const queue::Image& image() const { return ledger_.image(); }
  // The load average of the machine, for QueueLA.
  void load_is(double load);
  schedule::Scheduler& core() { return core_; }
  Use use_of_remote() const;
  std::size_t reports_under_way() const { return reports_.under_way(); }
  std::size_t in_flight() const { return attempts_.size(); }
  const Figures& figures() const { return figures_; }
  bool paused() const { return paused_; }
  bool draining() const { return draining_; }
  bool detached() const { return detached_; }
  bool listing_restricted() const { return settings_.restrict_mailq; }
  std::vector<link::Hello> daemons() const;
  net::Loop& loop() { return loop_; }

 private:
  Neighbour::Callbacks callbacks_of(Neighbour& neighbour, bool (Send::*take)(const link::Frame&));
  void lost(Neighbour& which, const std::string& why);
  bool logger_lost();
  void stop_without(const Neighbour& spawner);
  void end_for_lack_of(const Neighbour& which);
  void tell_losses();
  void take_back(queue::Channel channel, const Neighbour& spawner);
  void replace(link::Role role, os::Fd socket);
  Neighbour* neighbour_of(link::Role role);
  Neighbour& spawner_of(queue::Channel channel) { return channel == queue::Channel::kLocal ? local_ : remote_; }
  void apply_holds();

  link::QueueReport report() const;
  void drain(bool on);
  void pause(bool on);
  void ask_whether_quiet();
  bool quiet(Octets payload);
  bool is_idle() const;
  void set_detached(bool on);

  bool from_todo(const link::Frame& frame);
  bool from_spawner(const link::Frame& frame);
  bool from_intake(const link::Frame& frame);
  bool from_clean(const link::Frame& frame);

  Adoption::Done adopt(Adoption::Settings settings);
  void admit(const queue::AdmittedView& message);
  void schedule_adopted(queue::MessageId id);
  void schedule(const queue::Image::MessageView& message);
  void reroute(const queue::Image::MessageView& message);
  void settle(const link::Delivered& delivered);
  void record_settled(const schedule::Settled& settled, const Attempt& attempt,
                      const std::vector<mail::Outcome>& outcomes);
  void record_delivered(const Attempt& attempt, std::uint32_t recipient, const mail::Outcome& outcome);
  void complete(queue::MessageId id);
  void finish(queue::MessageId id, std::optional<queue::MessageId> report);
  void warn(queue::MessageId id);

  void plan();
  void plan_now();
  void begin(const schedule::Start& start, std::span<const std::uint32_t> recipients);
  void hand_over(const schedule::Start& start, std::span<const std::uint32_t> recipients);
  void handed_over(schedule::AttemptId id, const std::string& group, const ipc::Submitter::Answer& answer);
  bool not_handed_over(schedule::AttemptId id, const Attempt& attempt, const std::string& group,
                       const ipc::Refusal& refusal);
  void expire(const schedule::Expired& expired, std::span<const std::uint32_t> recipients);
  void apply_limits();
  void log_status();
  void stop_now();
  MonoTime mono_of(WallTime t) { return loop_.now() + (t - loop_.wall()); }
  WallTime wall_of(MonoTime t) { return loop_.wall() + (t - loop_.now()); }

  net::Loop& loop_;
  Activity& activity_;
  std::unique_ptr<store::BodyReader> bodies_;
  SendSettings settings_;
  Reread reread_;
  schedule::Scheduler core_;
  Attempts attempts_;
  Figures figures_;
  std::function<void()> changed_;
  Ledger ledger_;
  Neighbour local_, remote_, clean_, todo_, intake_;
  Reports reports_;
  OtherGroups other_groups_;
  Reclaim reclaim_;
  ExtraHeaders extra_headers_;
  SupervisorLink supervisor_;
  Runs runs_;
  net::Timer wake_, patience_, loss_timer_, quiet_timer_;
  bool has_logger_;
  pid_t logger_pid_;                                    // 0: it is not our child
  std::string logger_end_{};                            // how it ended
  std::vector<link::NeighbourLost> losses_;             // to be told to qscheduler
  boost::unordered_flat_map<pid_t, std::string> ends_;  // of neighbours that were our children: how they ended
  struct Misfortune {
    MonoTime last{};
    unsigned times = 0;
  };
  Misfortune local_misfortune_, remote_misfortune_;
  std::uint64_t deliveries_ = 0;  // counted for the activity record
  std::uint32_t reloads_ = 0;
  std::array<bool, schedule::kChannels> held_by_settings_{};
  std::uint32_t quiet_serial_ = 0;
  bool plan_asked_ = false, stopping_ = false;
  bool draining_ = false, asked_whether_quiet_ = false;
  bool ordered_ = false;  // qscheduler has said whether we are paused; nothing is started before
  bool paused_ = false, detached_ = false, attach_when_idle_ = false;
  int exit_code_ = 0;
};

}  // namespace sluice::scheduler
