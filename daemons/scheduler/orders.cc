// Orders: draining and pausing for qscheduler, detaching from todo-proc for whoever sends the signals.
#include <unistd.h>

#include <algorithm>

#include "core/link/doors.h"
#include "send.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kAskAgain{1'000};

std::uint32_t count(std::size_t n) { return static_cast<std::uint32_t>(std::min<std::size_t>(n, UINT32_MAX)); }

}  // namespace

link::QueueReport Send::report() const {
  const auto load_of = [this](queue::Channel channel) {
    const schedule::ChannelStatus status = core_.status(channel);
    return link::QueueReport::ChannelLoad{status.in_flight, status.limit,
                                          count(status.of(schedule::Reason::kChannelSlot))};
  };
  link::QueueReport report;
  report.local = load_of(queue::Channel::kLocal);
  report.remote = load_of(queue::Channel::kRemote);
  report.lmtp = load_of(queue::Channel::kLmtp);
  report.messages = image().size();
  report.submitted = figures_.taken;
  report.taking = !draining_;
  report.paused = paused_;
  return report;
}

void Send::drain(bool on) {
  if (std::exchange(draining_, on) == on) return;
  intake_.send(link::Door{!on, 0});
  if (on)
    ask_whether_quiet();
  else
    todo_.send(link::Quiet{});  // goes on, if it had come to rest
  supervisor_.changed();
}

// The image is empty: the end, unless something is on its way to us. What that is comes before the answer.
void Send::ask_whether_quiet() {
  if (!draining_ || stopping_ || detached_ || asked_whether_quiet_ || quiet_timer_.armed()) return;
  if (image().size() > 0 || !attempts_.empty() || !intake_.is_there() || !todo_.is_there()) return;
  if (runs_.any()) return quiet_timer_.set_after(kAskAgain);  // who waits for its end hears of it first
  asked_whether_quiet_ = true;
  if (++quiet_serial_ == 0) ++quiet_serial_;
  intake_.send(link::Door{false, quiet_serial_});
}

bool Send::quiet(Octets payload) {
  const auto answer = link::Quiet::decode(payload);
  if (!answer) return false;
  if (answer->serial != quiet_serial_ || !asked_whether_quiet_) return true;
  asked_whether_quiet_ = false;
  if (!answer->quiet || !draining_ || image().size() > 0) {
    if (answer->quiet) todo_.send(link::Quiet{});
    if (draining_) quiet_timer_.set_after(kAskAgain);
    return true;
  }
  stopping_ = true;
  wake_.cancel();
  supervisor_.drained();
  loop_.at_turn_end([this] { stop_now(); });  // behind the flush of what was just said
  return true;
}

void Send::pause(bool on) {
  if (!std::exchange(ordered_, true)) plan_later();
  if (std::exchange(paused_, on) == on) return;
  apply_holds();
  supervisor_.changed();
}

// Nothing is under way and nothing could be started now.
bool Send::is_idle() const {
  if (!attempts_.empty()) return false;
  for (const auto channel : {queue::Channel::kLocal, queue::Channel::kRemote, queue::Channel::kLmtp})
    if (core_.status(channel).of(schedule::Reason::kChannelSlot) > 0) return false;
  return true;
}

void Send::set_detached(bool on) {
  detached_ = on;
  todo_.send(link::Detach{on});
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    if (on)
      lines.todo_detached(out, todo_.pid());
    else
      lines.todo_attached(out, todo_.pid());
  });
}

void Send::detach() {
  if (stopping_) return;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_signal(out, static_cast<std::uint32_t>(::getpid()), "USR1");
  });
  if (detached_) return;
  attach_when_idle_ = !is_idle();
  if (!attach_when_idle_)
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_detaching(out); });
  set_detached(true);
}

void Send::attach() {
  if (stopping_ || !detached_) return;
  if (std::exchange(attach_when_idle_, false) && is_idle())
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_attaching(out); });
  set_detached(false);
  plan_later();
}

void Send::load_is(double load) {
  core_.set_load(load, loop_.now());
  plan_later();
}

}  // namespace sluice::scheduler
