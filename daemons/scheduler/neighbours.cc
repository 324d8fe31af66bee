// Neighbours that are lost, and their successors. Without a supervisor there are none: the queue ends, and starts as a
// whole.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/link/doors.h"
#include "send.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::scheduler {

namespace {

// A process that dies closes its links a moment before its parent can know how it ended.
constexpr Duration kUntilReaped{20};

// A spawner that dies again and again may do so because of what it is given: then others get their turn first.
constexpr Duration kForgiven = std::chrono::minutes{5};
constexpr Duration kPerMisfortune{2'000}, kLongestRest{60'000};

// What the activity record has always called them.
std::string_view record_name_of(link::Role role) {
  return role == link::Role::kLocalDelivery || role == link::Role::kRemoteDelivery ? "spawn" : link::name_of(role);
}

}  // namespace

Neighbour::Callbacks Send::callbacks_of(Neighbour& neighbour, bool (Send::*take)(const link::Frame&)) {
  return {[this] { apply_limits(); }, [this, take](const link::Frame& frame) { return (this->*take)(frame); },
          [this, &neighbour](const std::string& why) { lost(neighbour, why); }};
}

Neighbour* Send::neighbour_of(link::Role role) {
  for (Neighbour* each : {&local_, &remote_, &clean_, &todo_, &intake_})
    if (each->role() == role) return each;
  return nullptr;
}

void Send::lost(Neighbour& which, const std::string& why) {
  if (stopping_) return stop_without(which);
  os::say("alert", "qmail-send", fmt::format("lost {} pid {}: {}", link::name_of(which.role()), which.pid(), why));
  const auto lose = [&](Neighbour& one, const std::string& reason) {
    one.disconnect();
    losses_.push_back({one.role(), one.pid(), reason});
    // Of one that came with us and never spoke nobody could say which process it is.
    return supervisor_.is_there() && (one.pid() != 0 || one.is_successor());
  };
  bool replaceable = lose(which, why);
  if (&which == &todo_ || &which == &intake_) {
    Neighbour& other = &which == &todo_ ? intake_ : todo_;
    if (other.is_there()) replaceable = lose(other, "") && replaceable;
    asked_whether_quiet_ = false;
  }
  if (!replaceable) return end_for_lack_of(which);
  loss_timer_.set(loop_.now() + kUntilReaped);
  apply_holds();
  if (&which == &local_) take_back(queue::Channel::kLocal, local_);
  if (&which == &remote_)
    for (const auto channel : {queue::Channel::kRemote, queue::Channel::kLmtp}) take_back(channel, remote_);
  plan_later();
}

// True: it will be replaced.
bool Send::logger_lost() {
  const bool replaceable = has_logger_ && supervisor_.is_there() && !stopping_;
  os::say("alert", "qmail-send",
          fmt::format("nobody reads the activity record{}",
                      replaceable ? "; waiting for another logger" : "; going on without it"));
  if (!replaceable) return false;
  losses_.push_back({link::Role::kLogger, static_cast<std::uint32_t>(logger_pid_), "its pipe is broken"});
  loss_timer_.set(loop_.now() + kUntilReaped);
  return true;
}

// We only wait for what is in flight, and this one's will never end.
void Send::stop_without(const Neighbour& spawner) {
  if (attempts_.empty()) return;
  for (const auto channel : {queue::Channel::kLocal, queue::Channel::kRemote, queue::Channel::kLmtp})
    if (&spawner_of(channel) == &spawner)
      for (const schedule::AttemptId id : attempts_.of_channel(channel)) attempts_.take(id);
  if (attempts_.empty()) stop_now();
}

// What is in flight is tried again by the next qmail-send.
void Send::end_for_lack_of(const Neighbour& which) {
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_lost(out, record_name_of(which.role()));
  });
  exit_code_ = 111;
  stopping_ = true;
  stop_now();
}

void Send::tell_losses() {
  for (link::NeighbourLost& loss : std::exchange(losses_, {})) {
    if (const auto end = ends_.find(static_cast<pid_t>(loss.pid)); end != ends_.end()) loss.why = end->second;
    if (loss.role == link::Role::kLogger && !logger_end_.empty()) loss.why = std::exchange(logger_end_, {});
    supervisor_.lost(loss);
  }
  ends_.clear();
}

void Send::child_ended(pid_t pid, int status) {
  if (pid == logger_pid_) logger_end_ = os::describe_end(status);
  for (const Neighbour* each : {&local_, &remote_, &clean_, &todo_, &intake_})
    if (each->pid() == static_cast<std::uint32_t>(pid)) ends_[pid] = os::describe_end(status);
}

// Nobody will ever know what became of these attempts: they do not count.
void Send::take_back(queue::Channel channel, const Neighbour& spawner) {
  Misfortune& misfortune = &spawner == &local_ ? local_misfortune_ : remote_misfortune_;
  if (loop_.now() - misfortune.last > kForgiven) misfortune.times = 0;
  if (misfortune.last != loop_.now()) ++misfortune.times;  // remote and lmtp are lost at once
  misfortune.last = loop_.now();
  const MonoTime retry = loop_.now() + std::min((misfortune.times - 1) * kPerMisfortune, kLongestRest);
  const std::string text = fmt::format("{} died; trying again", link::name_of(spawner.role()));
  for (const schedule::AttemptId id : attempts_.of_channel(channel)) {
    const auto attempt = attempts_.take(id);
    const schedule::Settled& settled = core_.abandon(id, retry, loop_.now());
    const bool done = settled.message_done;
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
      for (std::size_t i = 0; i < attempt->recipients.size(); ++i)
        lines.delivery(out, attempt->first_delivery + i, mail::Verdict::kDeferred, text);
    });
    if (done) complete(attempt->message);
    if (!done && attempt->reload != reloads_)
      if (const auto message = image().find(attempt->message)) reroute(*message);
  }
  log_status();
}

void Send::replace(link::Role role, os::Fd socket) {
  if (role == link::Role::kLogger) {
    logger_pid_ = 0;  // qscheduler's child, as all successors
    return activity_.replace(std::move(socket));
  }
  Neighbour* const neighbour = neighbour_of(role);
  if (neighbour == nullptr || stopping_) return;
  neighbour->connect(std::move(socket));
  apply_holds();
  if (neighbour == &clean_) reclaim_.clean_replaced();
  if (neighbour == &intake_) {
    reclaim_.intake_replaced();
    extra_headers_.intake_replaced();
    reports_.submit_again();
    if (draining_) intake_.send(link::Door{false, 0});
  }
  if (neighbour == &todo_) {
    if (detached_) todo_.send(link::Detach{true});
    todo_.send(link::Resume{image().watermark()});
  }
  plan_later();
}

// Nothing is started for a channel that nobody serves, nor for one that the settings or an order hold. What the
// settings held is tried at once when that is over, as after a queue run.
void Send::apply_holds() {
  bool changed = false;
  for (const auto channel : {queue::Channel::kLocal, queue::Channel::kRemote, queue::Channel::kLmtp}) {
    const bool set = (channel == queue::Channel::kLocal && settings_.hold_local) ||
                     (channel == queue::Channel::kRemote && settings_.hold_remote);
    const bool was_set = std::exchange(held_by_settings_[static_cast<std::size_t>(channel)], set);
    const bool held = set || paused_ || !spawner_of(channel).is_there();
    if (held != core_.status(channel).held) {
      changed = true;
      core_.hold_channel(channel, held, loop_.now());
    }
    if (was_set && !set) core_.run_all(loop_.now(), channel);
  }
  if (core_.status(queue::Channel::kGroup).held != paused_) {
    changed = true;
    core_.hold_channel(queue::Channel::kGroup, paused_, loop_.now());
  }
  if (!changed) return;
  log_status();
  plan_later();
}

std::vector<link::Hello> Send::daemons() const {
  std::vector<link::Hello> hellos{{.role = link::Role::kScheduler, .pid = static_cast<std::uint32_t>(::getpid())}};
  for (const Neighbour* each : {&todo_, &intake_, &clean_, &local_, &remote_})
    if (each->is_there() && each->pid() != 0) hellos.push_back(each->hello());
  return hellos;
}

}  // namespace sluice::scheduler
